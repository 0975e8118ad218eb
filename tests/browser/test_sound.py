"""The exported pages of sound models in Chromium: the same sounds as in Python, with waveforms and playback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.support.ui import Select

import aigc_tf
from aigc_tf.export import Limits, export_web
from aigc_tf.export.runner import Runner
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.sound_ar import SoundAR
from aigc_tf.recipes.sound_gan import SoundGAN
from aigc_tf.recipes.speech import Speech
from aigc_tf.references import resolve
from tests.browser.pages import PHONE, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def open_page(
    chromium: Chrome, serve: Callable[[Path], int], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Any, Any], Page]:
    def opened(model: Any, source: Any = None) -> Page:
        folder = tmp_path_factory.mktemp("page")
        export_web(model, folder, title="sound", measure=False, source=source, limits=Limits(examples=8, steps=8))
        return Page(chromium, f"http://{PHONE}:{serve(folder)}/", folder)

    return opened


def trained(recipe: Recipe, steps: int) -> Any:
    source = resolve(recipe.data)(recipe)
    model = aigc_tf.create(recipe, **source.assets_for(recipe))
    for batch in source.batches(recipe.batch_size, 0).take(steps):
        model.train_step(batch)
    return model


def assert_no_errors(page: Page) -> None:
    assert [entry for entry in page.chrome.get_log("browser") if entry["level"] == "SEVERE"] == []


def assert_equals_python(page: Page, label: int) -> None:
    latent, sound = (page.module("sound.js", f"Array.from(module.current{name}())") for name in ("Latent", "Sound"))
    given = {"latent": np.array([latent], np.float32), "label": np.array([label], np.int32)}
    np.testing.assert_allclose(sound, Runner(page.folder / "model.tflite")("generate", **given)["sound"][0], atol=1e-4)


def test_it_makes_sounds_of_a_class_and_plays_them(open_page: Callable[..., Page]) -> None:
    page = open_page(trained(SoundGAN.tiny(), 0))
    page.wait_for(lambda: page.find("sheet").find_elements("css selector", "[aria-pressed=true]") != [])
    assert_equals_python(page, 0)
    assert page.pixels("#sheet canvas")[..., 3].any()
    page.change(lambda: Select(page.find("kinds")).select_by_index(2), "#sheet canvas")
    page.wait_for(lambda: page.module("sound.js", "module.currentSound() !== undefined"))
    assert_equals_python(page, 2)
    page.find("sound-play").click()
    page.wait_for(lambda: page.find("sound-play").text == "Play")  # playback ends
    assert_no_errors(page)


def test_it_draws_sounds_frame_by_frame(open_page: Callable[..., Page]) -> None:
    model = trained(SoundAR.tiny(), 30)
    page = open_page(model)
    page.wait_for(lambda: page.find("sheet").find_elements("css selector", "[aria-pressed=true]") != [])
    drawn = np.array(page.module("sound.js", "Array.from(module.currentSound())"))
    assert np.isfinite(drawn).all() and drawn.any()
    page.script(
        "for (const name of ['temperature', 'noise']) document.getElementById(`sound-${name}`).value = 0;"
        "document.getElementById('kinds').selectedIndex = 2;"
        "document.getElementById('sound-noise').dispatchEvent(new Event('change'))"
    )
    page.module("sound.js", "module.drawn()")
    likeliest = np.array(page.module("sound.js", "Array.from(module.currentSound())"))
    np.testing.assert_allclose(likeliest, model.generate(1, condition=2, temperature=0, noise=0)[0], atol=0.02)
    assert_no_errors(page)


def test_it_speaks_what_is_typed(open_page: Callable[..., Page]) -> None:
    model = trained(Speech.tiny(), 30)
    page = open_page(model)
    page.find("speak-text").send_keys("Abc, def")
    page.find("speak-say").click()
    page.wait_for(lambda: page.module("speak.js", "module.currentSound() !== undefined"))
    spoken = np.array(page.module("speak.js", "Array.from(module.currentSound())"))
    (known,) = model.transform(["abcdef"])
    assert len(spoken) == len(known) and "No recording has" in page.find("speak-note").text
    np.testing.assert_allclose(spoken[: len(spoken) // 2], known[: len(known) // 2], atol=0.05)
    assert page.pixels("#speak-wave")[..., 3].any()
    page.wait_for(lambda: page.find("speak-play").text == "Play")
    assert_no_errors(page)
