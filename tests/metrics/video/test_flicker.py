"""Flicker metrics: zero for output that follows the clip, positive for static patterns."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_tf.metrics.video.flicker import flicker, warping_error
from tests.metrics.video.test_frames import moving

RANDOM = np.random.default_rng(0)


def test_what_is_made_of_each_pixel_alone_goes_along_with_it():
    windows = RANDOM.uniform(0.2, 0.8, (2, 2, 48, 48, 1)).astype(np.float32)
    found = flicker(lambda clips: 1 - clips, windows, seed=0)
    assert found["pan_flicker"] < 1e-4
    assert found["noise_flicker"] == pytest.approx(2 * np.sqrt(2), rel=0.05)  # noise of 2 grey levels, twice


def test_what_stands_still_while_the_picture_moves_flickers():
    """A pattern fixed to the screen differs after a pan: twice its variance."""
    pattern = RANDOM.normal(0, 0.1, (48, 48, 1))
    windows = np.full((1, 2, 48, 48, 1), 0.5)
    found = flicker(lambda clips: clips + pattern, windows, seed=0)
    assert found["pan_flicker"] == pytest.approx(255 * 0.1 * np.sqrt(2), rel=0.1)


def test_the_warping_error_leaves_out_what_flow_explains():
    pytest.importorskip("cv2")
    clip = moving(4)[0]
    still = warping_error(clip, clip)
    assert warping_error(clip, 1 - clip) == pytest.approx(still, rel=0.05)
    flickering = clip + RANDOM.normal(0, 0.1, clip.shape)
    assert warping_error(clip, flickering) > 255 * 0.1 > 3 * still
