"""The exported pages of text-to-image models in Chromium: prompts give the same pictures as in Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

import aigc_tf
from aigc_tf.data.captioned.opening import open_source
from aigc_tf.export import Limits, export_web
from aigc_tf.families.flow.prompted import TextFlow as TextFlowModel
from aigc_tf.recipes.text_flow import TextFlow
from aigc_tf.recipes.text_gan import TextGAN
from tests.browser.pages import PHONE, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def model() -> TextFlowModel:
    """Untrained, with weights so large that its pictures have contrast and words matter."""
    model = aigc_tf.create(TextFlow.tiny(), captions=open_source(TextFlow.tiny()).captions)
    random = np.random.default_rng(0)
    for weight in model.predictor.variables:
        weight.assign(weight + 0.2 * random.standard_normal(weight.shape))
    model.used.set_weights(model.predictor.get_weights())
    return model


@pytest.fixture
def page(model: TextFlowModel, chromium: Chrome, serve: Callable[[Path], int], tmp_path: Path) -> Page:
    folder = tmp_path / "page"
    chosen = model.exported_with(evaluations=4, guidance=1.5)
    export_web(chosen, folder, title="text_flow", measure=False, limits=Limits(examples=8, float32=1e-3))
    return Page(chromium, f"http://{PHONE}:{serve(folder)}/", folder)


def assert_shows(page: Page, model: TextFlowModel, words: str, steps: int, guidance: float) -> np.ndarray:
    noise = page.module("latents.js", f"Array.from(module.normals(0, {model.latent_dim}))")
    page.wait_for(lambda: page.find("shown").text == f"Step {steps} of {steps}")
    latent = np.array(noise, np.float32)[None]
    expected = model.decode(latent, words, evaluations=steps, guidance=guidance)[0]
    page.assert_shows("#picture", expected)
    return expected


def test_what_is_typed_is_drawn(page: Page, model: TextFlowModel) -> None:
    assert [entry for entry in page.chrome.get_log("browser") if entry["level"] == "SEVERE"] == []
    first = page.find("prompt-words").get_attribute("value")
    before = assert_shows(page, model, first, 4, 2.0)
    page.find("prompt-words").clear()
    page.change(lambda: page.find("prompt-words").send_keys("Large  Blue ring"))
    after = assert_shows(page, model, "large blue ring", 4, 2.0)
    assert np.abs(after - before).max() > 0.02
    assert page.find("prompt-note").text == ""
    page.change(lambda: page.find("steps").send_keys(Keys.ARROW_RIGHT))
    assert_shows(page, model, "large blue ring", 5, 2.0)
    page.change(lambda: page.find("guidance").send_keys(Keys.HOME))
    page.wait_for(lambda: page.find("guidance-value").text == "0.00")
    assert_shows(page, model, "red cross", 5, 0.0)
    page.find("prompt-words").send_keys(" mauve")
    page.wait_for(lambda: "1 of the words stand in no caption" in page.find("prompt-note").text)


def test_a_gan_draws_at_once(chromium: Chrome, serve: Callable[[Path], int], tmp_path: Path) -> None:
    model = aigc_tf.create(TextGAN.tiny(), captions=open_source(TextGAN.tiny()).captions)
    random = np.random.default_rng(0)
    for weight in model.sampler.weights:
        weight.assign(weight + 0.1 * np.abs(random.standard_normal(weight.shape)))  # variances stay above 0
    export_web(model, tmp_path / "page", title="text_gan", measure=False, limits=Limits(examples=8, float32=1e-3))
    page = Page(chromium, f"http://{PHONE}:{serve(tmp_path / 'page')}/", tmp_path / "page")
    page.wait_for(lambda: page.find("shown").text == "Picture 1")
    assert not page.chrome.find_elements("css selector", ".slider")
    latent = np.array(page.module("latents.js", f"Array.from(module.normals(0, {model.latent_dim}))"), np.float32)[None]
    page.assert_shows("#picture", model.decode(latent, page.find("prompt-words").get_attribute("value"))[0])
    page.find("another").click()
    page.wait_for(lambda: page.find("shown").text == "Picture 2")
