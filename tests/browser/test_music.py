"""The exported page of a model of music in Chromium: it composes and fits voices as Python does, and plays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver import Chrome

import aigc_tf
from aigc_tf.data.music.piece import Piece
from aigc_tf.export import Limits, export_web
from aigc_tf.families.music.model import MusicModel
from aigc_tf.recipes.music import Music
from aigc_tf.recipes.pieces import Choice
from tests.browser.pages import PHONE, Page

pytestmark = pytest.mark.browser

GREEDY = Choice(temperature=0)


@pytest.fixture(scope="module")
def model() -> MusicModel:
    """A hardly trained one, of which the likeliest notes are clear."""
    recipe = Music.tiny()
    made = aigc_tf.create(recipe)
    for batch in aigc_tf.references.resolve(recipe.data)(recipe).batches(16, 0).take(60):
        made.train_step(batch)
    return made


@pytest.fixture
def page(
    model: MusicModel, chromium: Chrome, serve: Callable[[Path], int], tmp_path_factory: pytest.TempPathFactory
) -> Page:
    folder = tmp_path_factory.mktemp("page")
    export_web(model, folder, title="music", measure=False, limits=Limits(examples=8, steps=8))
    return Page(chromium, f"http://{PHONE}:{serve(folder)}/", folder)


def shown(page: Page) -> np.ndarray:
    page.wait_for(lambda: page.find("compose-fit").is_enabled())
    rows = page.find("compose-roll").get_attribute("data-cells").split(";")
    return np.array([row.split(" ") for row in rows]).astype(np.int16)


def test_it_composes_fits_and_plays(page: Page, model: MusicModel) -> None:
    page.script(
        "for (const [name, value] of [['temperature', 0], ['bars', 3]]) {"
        " const slider = document.getElementById(`compose-${name}`);"
        " slider.value = value; slider.dispatchEvent(new Event('input')); }"
    )
    page.find("compose-new").click()
    (piece,) = model.generate(1, bars=3, choice=GREEDY)
    np.testing.assert_array_equal(shown(page), piece.cells)
    page.find("compose-fit").click()
    (fitted,) = model.transform([Piece(piece.cells)], choice=GREEDY, fix=("soprano",))
    np.testing.assert_array_equal(shown(page), fitted.cells)
    assert page.pixels("#compose-roll").shape[1] == 48 * 6
    page.find("compose-play").click()
    page.wait_for(lambda: page.find("compose-play").text == "Stop")
    page.find("compose-play").click()
    page.wait_for(lambda: page.find("compose-play").text == "Play")
    assert [entry for entry in page.chrome.get_log("browser") if entry["level"] == "SEVERE"] == []
