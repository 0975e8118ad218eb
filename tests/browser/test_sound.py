"""The exported page of a model of sound in Chromium: it makes the sounds of Python, shows their waves, plays them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.support.ui import Select

import aigc_tf
from aigc_tf.data.sound.opening import open_source
from aigc_tf.export import Limits, export_web
from aigc_tf.export.runner import Runner
from aigc_tf.recipes.sound_gan import SoundGAN
from tests.browser.pages import PHONE, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Chrome, serve: Callable[[Path], int], tmp_path_factory: pytest.TempPathFactory) -> Page:
    recipe, folder = SoundGAN.tiny(), tmp_path_factory.mktemp("page")
    model = aigc_tf.create(recipe, **open_source(recipe).assets_for(recipe))
    export_web(model, folder, title="sound", measure=False, limits=Limits(examples=8))
    return Page(chromium, f"http://{PHONE}:{serve(folder)}/", folder)


def assert_equals_python(page: Page, label: int) -> None:
    latent, sound = (page.module("sound.js", f"Array.from(module.current{name}())") for name in ("Latent", "Sound"))
    given = {"latent": np.array([latent], np.float32), "label": np.array([label], np.int32)}
    np.testing.assert_allclose(sound, Runner(page.folder / "model.tflite")("generate", **given)["sound"][0], atol=1e-4)


def test_it_makes_sounds_of_a_class_and_plays_them(page: Page) -> None:
    page.wait_for(lambda: page.find("sheet").find_elements("css selector", "[aria-pressed=true]") != [])
    assert_equals_python(page, 0)
    assert page.pixels("#sheet canvas")[..., 3].any()
    page.change(lambda: Select(page.find("kinds")).select_by_index(2), "#sheet canvas")
    page.wait_for(lambda: page.module("sound.js", "module.currentSound() !== undefined"))
    assert_equals_python(page, 2)
    page.find("sound-play").click()
    page.wait_for(lambda: page.find("sound-play").text == "Play")  # it ends by itself
    assert [entry for entry in page.chrome.get_log("browser") if entry["level"] == "SEVERE"] == []
