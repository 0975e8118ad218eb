"""The exported page of a music model in Chromium: composes and harmonises as Python does, and plays."""

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
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.music import Music
from aigc_tf.recipes.music_gan import MusicGAN
from aigc_tf.recipes.music_vae import MusicVAE
from aigc_tf.recipes.pieces import Choice
from tests.browser.pages import PHONE, Page

pytestmark = pytest.mark.browser

GREEDY = Choice(temperature=0)


@pytest.fixture(scope="module")
def model() -> MusicModel:
    """A barely trained model, with clear most likely notes."""
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
    return cells_of(page, "compose-roll")


def cells_of(page: Page, roll: str) -> np.ndarray:
    rows = page.find(roll).get_attribute("data-cells").split(";")
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


@pytest.mark.parametrize("recipe", [MusicVAE.tiny(), MusicGAN.tiny()], ids=lambda recipe: recipe.slug())
def test_it_draws_tunes_and_what_lies_between_two(
    recipe: Recipe, chromium: Chrome, serve: Callable[[Path], int], tmp_path: Path
) -> None:
    made = aigc_tf.create(recipe)
    for batch in aigc_tf.references.resolve(recipe.data)(recipe).batches(16, 0).take(20):
        made.train_step(batch)
    export_web(made, tmp_path, title="tunes", measure=False, limits=Limits(examples=8, steps=8))
    page = Page(chromium, f"http://{PHONE}:{serve(tmp_path)}/", tmp_path)
    tunes = []
    for way in (0, 1, 0.5):
        page.script(
            f"const slider = document.getElementById('tunes-way'); slider.value = {way};"
            "slider.dispatchEvent(new Event('input'))"
        )
        page.wait_for(lambda way=way: page.find("tunes-way-value").text == f"{way:.1f}")
        page.module("tunes.js", "module.shown()")
        latent = np.array([page.module("tunes.js", "Array.from(module.currentLatent())")], np.float32)
        (piece,) = made.decode(latent)
        np.testing.assert_array_equal(cells_of(page, "tunes-roll"), piece.cells)
        tunes.append(latent)
    assert not np.allclose(tunes[0], tunes[1]) and not np.allclose(tunes[0], tunes[2])
    page.find("tunes-play").click()
    page.wait_for(lambda: page.find("tunes-play").text == "Stop")
    page.find("tunes-play").click()
    assert [entry for entry in page.chrome.get_log("browser") if entry["level"] == "SEVERE"] == []
