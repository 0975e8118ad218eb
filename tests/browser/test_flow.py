"""The exported page of a flow in Chromium: sampling takes the same steps as in Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

import aigc_tf
from aigc_tf.data.classes import ClassNames
from aigc_tf.export import Limits, export_web
from aigc_tf.families.flow.conditional import ClassFlow as ClassFlowModel
from aigc_tf.recipes.class_flow import ClassFlow
from tests.browser.pages import PHONE, Page

pytestmark = pytest.mark.browser

SAMPLES = 12


@pytest.fixture(scope="module")
def model() -> ClassFlowModel:
    """Untrained, with weights so large that its pictures have contrast."""
    model = aigc_tf.create(ClassFlow.tiny(), classes=ClassNames(("dark", "bright")))
    random = np.random.default_rng(0)
    for weight in model.predictor.variables:
        weight.assign(weight + 0.2 * random.standard_normal(weight.shape))
    model.used.set_weights(model.predictor.get_weights())
    return model


@pytest.fixture
def page(model: ClassFlowModel, chromium: Chrome, serve: Callable[[Path], int], tmp_path: Path) -> Page:
    folder = tmp_path / "page"
    chosen = model.exported_with(evaluations=4, guidance=1.5)
    export_web(chosen, folder, title="flow", measure=False, limits=Limits(examples=8, float32=1e-3))
    return Page(chromium, f"http://{PHONE}:{serve(folder)}/", folder)


def assert_shows_sample(page: Page, model: ClassFlowModel, label: int, steps: int, guidance: float) -> None:
    noise = page.module("latents.js", f"Array.from(module.normals(0, {SAMPLES} * 256))")
    latent = np.array(noise, np.float32).reshape(SAMPLES, -1)[:1]
    page.wait_for(lambda: page.find("shown").text == f"Step {steps} of {steps}")
    expected = model.decode(latent, label, evaluations=steps, guidance=guidance)[0]
    page.assert_shows("#picture", expected)


def test_the_page_goes_the_way_that_python_goes(page: Page, model: ClassFlowModel) -> None:
    assert [entry for entry in page.chrome.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert page.find("steps-value").text == "4" and page.find("guidance-value").text == "1.50"
    assert_shows_sample(page, model, 0, 4, 1.5)
    page.find("steps").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert_shows_sample(page, model, 0, 6, 1.5)
    page.find("kinds").send_keys("bright")
    page.change(lambda: page.find("guidance").send_keys(Keys.HOME), "#picture")
    page.wait_for(lambda: page.find("guidance-value").text == "0.00")
    page.wait_for(lambda: page.find("shown").text == "Step 6 of 6")
    assert page.script("return document.querySelectorAll('#sheet canvas').length") == SAMPLES
