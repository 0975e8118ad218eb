"""Flicker of stylised clips: changes where the clip itself stays the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.video import baselines
from aigc_tf.modalities.pictures import as_brightness

if TYPE_CHECKING:
    from aigc_tf.data.video.source import VideoSource
    from aigc_tf.families.style.video import VideoStyle
    from aigc_tf.recipes.style_video import StyleVideo

MAX_WINDOWS = 32
CLIP = "the clip itself"
GREY_LEVELS = 255.0
_SHIFT = (5, -3)
_NOISE = 2.0  # grey levels


class Flicker(Evaluator):
    """Root mean squares in grey levels of 255, lower is better, compared with the clips themselves.

    - pan_flicker: the difference between a stylised frame and the stylised, then shifted back, version of the frame
      shifted by 5 and 3 pixels: when a camera pans, the stylisation should move along;
    - noise_flicker: the difference between stylised frames of two pictures that differ by noise of 2 grey levels;
    - warping_error: the difference between a stylised frame and the previous one, warped along the optical flow of the
      clip, where that is valid (Lai et al. 2018, eq. 8); with OpenCV only.
    """

    def measure(self, model: VideoStyle, source: VideoSource, recipe: StyleVideo, request: Request) -> Measurement:
        """Measured on at most 32 windows of the part; see `Evaluator.measure`."""
        windows = as_brightness(source.inputs(request.part, min(request.samples, MAX_WINDOWS)))
        found = flicker(model.transform, windows, request.seed)
        beside = flicker(lambda clips: clips, windows, request.seed)
        figures = {name: Figure(value, "lower", {CLIP: beside[name]}) for name, value in found.items()}
        protocol = {
            "flicker": f"of {len(windows)} windows of {recipe.window} frames of the {request.part} part, grey levels",
            "optical flow": "DIS of OpenCV, medium" if baselines.opencv() else "not measured, OpenCV is not installed",
        }
        return Measurement(figures, protocol)


def flicker(styled: Any, windows: np.ndarray, seed: int) -> dict[str, float]:
    """The figures of `Flicker`.

    Args:
        styled: the stylisation, from clips `[clips, time, height, width, channels]` in [0, 1] to the same.
        windows: clips of that form.
        seed: of the noise.
    """
    made, first = styled(windows), windows[:, :1]
    border = 2 * max(map(abs, _SHIFT))
    inside = np.s_[:, :, border:-border, border:-border]
    moved = np.roll(styled(np.roll(first, _SHIFT, axis=(2, 3))), [-shift for shift in _SHIFT], axis=(2, 3))
    noise = np.random.default_rng(seed).normal(0, _NOISE / GREY_LEVELS, (2, *first.shape)).astype(np.float32)
    noisy = [styled(np.clip(first + one, 0, 1)) for one in noise]
    figures = {
        "pan_flicker": _grey_levels(np.square(moved - made[:, :1])[inside].mean()),
        "noise_flicker": _grey_levels(np.square(noisy[0] - noisy[1]).mean()),
    }
    if baselines.opencv() is not None:
        figures["warping_error"] = float(
            np.mean([warping_error(clip, frames) for clip, frames in zip(windows, made, strict=True)])
        )
    return figures


def warping_error(clip: np.ndarray, styled: np.ndarray) -> float:
    """Root mean square warping error of a stylised clip, in grey levels, by the original clip's optical flow.

    Args:
        clip: `[time, height, width, channels]` in [0, 1]; flow is estimated from each frame to the one before.
        styled: the stylised clip, of the same shape.
    """
    squares, weights = 0.0, 0.0
    for place in range(1, len(clip)):
        back, known = baselines.flow_back(clip[place - 1], clip[place])
        difference = styled[place] - baselines.moved(styled[place - 1], back)
        squares += float((known[..., np.newaxis] * np.square(difference)).sum())
        weights += float(known.sum()) * styled.shape[-1]
    return _grey_levels(squares / max(weights, 1.0))


def _grey_levels(mean_square: float) -> float:
    return float(GREY_LEVELS * np.sqrt(mean_square))
