"""Exported pages of video models in Chromium: clips that play, and predicted frames as in Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from selenium.webdriver import Chrome

import aigc_tf
from aigc_tf.data.video.opening import open_source
from aigc_tf.export import Limits, export_web
from aigc_tf.export.runner import Runner
from aigc_tf.recipes.complete_video import CompleteVideo
from aigc_tf.recipes.predict_video import PredictVideo
from aigc_tf.recipes.video import VideoRecipe
from aigc_tf.recipes.video_gan import VideoGAN
from tests.browser.pages import PHONE, Page

pytestmark = pytest.mark.browser


def test_clips_are_drawn_and_play(chromium: Chrome, serve: Callable[[Path], int], tmp_path: Path):
    model = aigc_tf.create(VideoGAN.tiny())
    export_web(model, tmp_path / "page", title="clips", measure=False, limits=Limits(examples=8))
    page = Page(chromium, f"http://{PHONE}:{serve(tmp_path / 'page')}/", tmp_path / "page")
    latent, clip = (page.module("clips.js", f"Array.from(module.current{name}())") for name in ("Latent", "Clip"))
    expected = Runner(page.folder / "model.tflite")("generate", latent=np.array([latent], np.float32))["clip"]
    np.testing.assert_allclose(clip, expected.ravel(), atol=1e-4)
    page.change(lambda: None, "#sheet canvas")  # plays automatically
    page.find("clips-play").click()
    assert page.find("clips-play").text == "Play"
    assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.parametrize("recipe", [PredictVideo.tiny(), CompleteVideo.tiny()])
def test_frames_are_those_of_python(
    recipe: VideoRecipe, chromium: Chrome, serve: Callable[[Path], int], tmp_path: Path
):
    model, source = aigc_tf.create(recipe), open_source(recipe)
    random = np.random.default_rng(0)
    for weight in model.used.weights:  # a new network copies and blends
        weight.assign(random.normal(0, 0.1, weight.shape))
    export_web(model, tmp_path / "page", title="frames", source=source, measure=False, limits=Limits(examples=8))
    page = Page(chromium, f"http://localhost:{serve(tmp_path / 'page')}/", tmp_path / "page")

    def shown() -> np.ndarray:
        return np.array(page.module("frames.js", "module.currentFrames()"), np.float32)

    def expected(windows: np.ndarray) -> np.ndarray:
        """Raw outputs of the file, not clipped to [0, 1]."""
        frames = model.in_place(windows, np.asarray(model.made(model.used, tf.constant(windows), training=False)))
        return frames.reshape(len(frames[0]), -1)

    page.wait_for(lambda: len(shown()) > 0)
    windows = source.inputs("test", 4)[:2].astype(np.float32) / 255
    np.testing.assert_allclose(shown(), expected(windows[:1]), atol=1e-3)
    page.find("frames-other").click()
    page.wait_for(lambda: np.allclose(shown(), expected(windows[1:]), atol=1e-3))
    own = random.integers(0, 256, (recipe.window, 32, 32, 1), np.uint8)
    given = model.given(own[None])[0]
    for number, frame in enumerate(given):
        Image.fromarray(frame[..., 0]).save(tmp_path / f"{number}.png")
    page.find("frames-files").send_keys("\n".join(str(tmp_path / f"{number}.png") for number in range(len(given))))
    page.wait_for(lambda: np.allclose(shown(), expected(own[None].astype(np.float32) / 255), atol=1e-3))
    page.wait_for(lambda: "made" in page.find("frames-note").text)
    assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []
