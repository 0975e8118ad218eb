"""The exported page of a table generator in Chromium: rows from the file's outputs, also of a single category."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

import aigc_tf
from aigc_tf.data.tables.opening import open_source
from aigc_tf.data.tables.scheme import Category, Number
from aigc_tf.export import Limits, export_web
from aigc_tf.recipes.table_gan import TableGAN
from aigc_tf.recipes.table_vae import TableVAE
from tests.browser.pages import Page

pytestmark = pytest.mark.browser


@pytest.fixture(params=[TableVAE, TableGAN])
def model(request: pytest.FixtureRequest) -> aigc_tf.GenerativeModel:
    recipe = request.param.tiny()
    return aigc_tf.create(recipe, **open_source(recipe).assets_for(recipe))


def test_rows_are_drawn_asked_for_and_saved(
    model: aigc_tf.GenerativeModel, chromium: Chrome, serve: Callable[[Path], int], tmp_path: Path
):
    export_web(model, tmp_path / "page", title="rows", measure=False, limits=Limits(examples=8))
    page = Page(chromium, f"http://localhost:{serve(tmp_path / 'page')}/", tmp_path / "page")

    def rows() -> list[list[object]]:
        return page.module("table.js", "module.currentRows()")

    page.wait_for(lambda: len(rows()) == 20)
    scheme = model.scheme
    for row in rows():
        for value, column in zip(row, scheme.columns, strict=True):
            if isinstance(column, Category):
                assert (value or "") in column.names
            elif value is None:
                assert column.has_gaps
            else:
                assert isinstance(column, Number) and column.low <= value <= column.high
                assert round(value, column.decimals) == value
    first = rows()
    shown = page.find("table-rows").find_elements(By.CSS_SELECTOR, "tr:first-child td")
    assert [cell.text for cell in shown] == ["" if value is None else str(value) for value in first[0]]
    page.find("table-drawing").find_element(By.CSS_SELECTOR, "[type=submit]").click()
    page.wait_for(lambda: rows() != first)
    at = scheme.categories[0]
    wanted = scheme.columns[at].names[0]
    Select(page.find("table-where")).select_by_index(1)
    page.wait_for(lambda: "generated rows meet the conditions" in page.find("table-note").text)
    assert {row[at] or "" for row in rows()} <= {wanted}
    page.find("table-save").click()
    saved = page.module("table.js", "module.csv()")
    assert saved.splitlines()[0] == ",".join(scheme.names) and len(saved.splitlines()) == len(rows()) + 1
    assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_many_rows_have_the_means_that_python_draws(chromium: Chrome, serve: Callable[[Path], int], tmp_path: Path):
    """The page uses another random number generator: category frequencies agree within their errors."""
    recipe = TableVAE.tiny()
    model = aigc_tf.create(recipe, **open_source(recipe).assets_for(recipe))
    export_web(model, tmp_path / "page", title="rows", measure=False, limits=Limits(examples=8))
    page = Page(chromium, f"http://localhost:{serve(tmp_path / 'page')}/", tmp_path / "page")
    found = []
    for seed in range(15):
        page.script(
            f"const seed = document.getElementById('table-seed'); seed.value = {seed};"
            "seed.dispatchEvent(new Event('change'))"
        )
        before = found[-1:]
        page.wait_for(lambda before=before: page.module("table.js", "module.currentRows()") not in before)
        found.append(page.module("table.js", "module.currentRows()"))
    drawn = model.generate(2000)
    for at in model.scheme.categories:
        for name in model.scheme.columns[at].names:
            own = np.mean([(row[at] or "") == name for rows in found for row in rows])
            expected = np.mean([(row[at] or "") == name for row in drawn])
            assert abs(own - expected) < 4 * np.sqrt(0.25 / 300)
