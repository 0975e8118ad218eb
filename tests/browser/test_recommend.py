"""The page of a recommender: ticking and searching items, and the same recommendations as in Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from aigc_tf.data.ratings.opening import open_source
from aigc_tf.export import Limits, export_web
from aigc_tf.families.create import create
from aigc_tf.recipes.mult_vae import MultVAE
from tests.browser.pages import Page

pytestmark = pytest.mark.browser


def test_the_list_follows_what_is_ticked(chromium: Chrome, serve: Callable[[Path], int], tmp_path: Path):
    recipe = MultVAE.tiny()
    source = open_source(recipe)
    model = create(recipe, **source.assets_for(recipe))
    export_web(model, tmp_path / "page", title="films", measure=False, limits=Limits(examples=8, steps=8))
    page = Page(chromium, f"http://localhost:{serve(tmp_path / 'page')}/", tmp_path / "page")

    def listed() -> list[str]:
        items = page.find("recommend-list").find_elements(By.TAG_NAME, "li")
        return [item.get_attribute("textContent").strip() for item in items]

    def expected(*liked: str) -> list[str]:
        (found,) = model.transform([liked], count=20)
        return list(found.titles)

    page.wait_for(lambda: len(listed()) == 20)
    page.find("recommend-search").send_keys("western 25")
    boxes = page.find("recommend-items").find_elements(By.CSS_SELECTOR, "input")
    assert len(boxes) == 1
    boxes[0].click()
    page.wait_for(lambda: listed() == expected("Western 25"))
    page.find("recommend-clear").click()
    page.find("recommend-items").find_elements(By.CSS_SELECTOR, "input")[0].click()
    page.wait_for(lambda: listed() == expected(model.items.titles[model.items.popular[0]]))
    assert "For the 1 that you ticked" in page.find("recommend-note").text
    assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []
