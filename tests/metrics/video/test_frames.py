"""Video baselines, exact on suitable clips; metrics per frame."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from aigc_tf.data.video.opening import open_source
from aigc_tf.metrics.evaluator import Request
from aigc_tf.metrics.images.image_quality import EQUAL_DB
from aigc_tf.metrics.video import baselines
from aigc_tf.metrics.video.frames import FramesAhead, FramesBetween
from aigc_tf.recipes.predict_video import PredictVideo


def fading(frames: int) -> np.ndarray:
    """Two clips that brighten by 0.01 per frame: `[2, frames, 8, 8, 1]`."""
    first = np.random.default_rng(0).uniform(0.1, 0.5, (2, 1, 8, 8, 1))
    return first + 0.01 * np.arange(frames).reshape(1, -1, 1, 1, 1)


def test_lines_are_extrapolated_and_blended_exactly():
    clips = fading(9)
    np.testing.assert_allclose(baselines.extrapolated(clips[:, :4], 5), clips[:, 4:])
    np.testing.assert_allclose(baselines.blended(clips[:, [0, 1, 6, 7]], 4), clips[:, 2:6])
    np.testing.assert_array_equal(baselines.copied(clips, 2), clips[:, [-1, -1]])


def moving(frames: int) -> np.ndarray:
    """A smooth spot that moves two pixels right and one down per frame: `[1, frames, 64, 64, 1]`."""
    rows, columns = np.mgrid[:64, :64]
    spots = [
        np.exp(-((rows - 24 - time) ** 2 + (columns - 20 - 2 * time) ** 2) / 60)
        + 0.3 * np.sin((rows - time) / 5) * np.cos((columns - 2 * time) / 5)
        for time in range(frames)
    ]
    return np.clip(0.3 + 0.5 * np.array(spots), 0, 1)[None, ..., None]


def test_optical_flow_moves_what_moves():
    pytest.importorskip("cv2")
    clip = moving(8)
    inner = np.s_[:, :, 16:48, 16:48]

    def error(made: np.ndarray, truth: np.ndarray) -> float:
        return float(np.square(made[inner] - truth[inner]).mean())

    ahead, truth = baselines.flow_ahead(clip[:, :3], 2), clip[:, 3:5]
    assert error(ahead, truth) < 0.1 * error(baselines.copied(clip[:, :3], 2), truth)
    known, truth = clip[:, [0, 1, 5, 6]], clip[:, 2:5]
    assert error(baselines.flow_between(known, 3), truth) < 0.1 * error(baselines.blended(known, 3), truth)


def test_a_perfect_model_is_measured_as_such_frame_by_frame():
    recipe = dataclasses.replace(PredictVideo.tiny(), past=2, ahead=3)
    source = open_source(recipe)
    model = SimpleNamespace(
        of_windows=lambda windows: windows[:, 2:],
        truth=lambda windows: windows[:, 2:],
        given=lambda windows: windows[:, :2],
    )
    found = FramesAhead().measure(model, source, recipe, Request(part="test", samples=6))
    figures = found.figures
    assert figures["psnr_db"].value == EQUAL_DB and figures["ssim"].value == pytest.approx(1)
    assert [name for name in figures if name.startswith("psnr_db_")] == ["psnr_db_1", "psnr_db_2", "psnr_db_3"]
    copying = [figures[f"psnr_db_{ahead}"].baselines["copying the last frame"] for ahead in (1, 2, 3)]
    assert copying[0] > copying[1] > copying[2]
    assert found.pictures["frames"].image.dtype == np.uint8
    gap = SimpleNamespace(
        of_windows=lambda windows: baselines.blended(windows[:, [0, 1, 3, 4]], 1),
        truth=lambda windows: windows[:, 2:3],
        given=lambda windows: windows[:, [0, 1, 3, 4]],
    )
    figures = FramesBetween().measure(gap, source, recipe, Request(part="test", samples=6)).figures
    assert figures["psnr_db"].value == figures["psnr_db"].baselines["linear blending"]
