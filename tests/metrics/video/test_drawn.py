"""Fréchet distances of clips: real clips are close, static ones differ in motion; content and motion by hand."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_tf.data.video.opening import open_source
from aigc_tf.metrics.video.baselines import copied
from aigc_tf.metrics.video.drawn import clip_features, content_kept, distances, gaussian_clips
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes.video_gan import VideoGAN

RECIPE = VideoGAN.tiny()


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    return as_brightness(open_source(RECIPE).inputs("train", 240))


def test_other_real_clips_are_nearer_than_still_and_drawn_ones(windows: np.ndarray):
    real, training = windows[::2], windows[1::2]
    found = {
        "real": distances(training, real, training),
        "still": distances(copied(training[:, :1], RECIPE.frames), real, training),
        "gaussian": distances(gaussian_clips(training, 120, seed=0), real, training),
    }
    assert found["still"]["motion_distance"] > 5 * found["real"]["motion_distance"]
    assert found["still"]["frame_distance"] < 2 * found["real"]["frame_distance"]
    assert found["gaussian"]["frame_distance"] > 3 * found["real"]["frame_distance"]
    same = distances(real, real, training)
    assert max(same.values()) < 1e-6


def test_features_of_motion_know_no_still_picture():
    """A constant added to all frames, without clipping, changes frame features and not motion features."""
    clips = np.random.default_rng(0).uniform(0.2, 0.5, (2, 3, 16, 16, 1)).astype(np.float32)
    before, after = clip_features(clips), clip_features(clips + 0.2)
    np.testing.assert_allclose(after["motion"], before["motion"], atol=1e-5)
    assert np.abs(after["frame"] - before["frame"]).max() > 0.01
    assert before["frame"].shape == before["motion"].shape == (2, 226)


def test_what_motion_changes_of_the_content():
    content = np.random.default_rng(0).random((3, 1, 1, 4, 4, 1))
    assert content_kept(np.tile(content, (1, 3, 2, 1, 1, 1))) < 1e-9
    assert content_kept(np.tile(content.swapaxes(0, 1), (3, 1, 2, 1, 1, 1))) > 1e3
    either = content + content.swapaxes(0, 1)
    assert content_kept(np.tile(either, (1, 1, 2, 1, 1, 1))) == pytest.approx(1)
