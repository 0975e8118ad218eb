"""Video style transfer: static regions stay consistent, and a temporal loss teaches it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.photos.styled import StylePicture, strokes
from aigc_tf.data.video.clip import Clip
from aigc_tf.errors import InputError
from aigc_tf.families.style.video import VideoStyle
from aigc_tf.metrics.video.flicker import flicker
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes.settings import AdamSettings, LoggingSettings
from aigc_tf.recipes.style_video import StyleVideo

RECIPE = StyleVideo.tiny()
RANDOM = np.random.default_rng(0)
QUIET = LoggingSettings(evaluate_every=10**6, samples_every=10**6)


@pytest.fixture(scope="module")
def model() -> VideoStyle:
    return aigc_tf.create(RECIPE, style=StylePicture(strokes(32, 1)))


def clip(frames: int) -> tf.Tensor:
    return tf.constant(RANDOM.random((2, frames, 32, 32, 1)), tf.float32)


def test_the_temporal_loss_is_0_of_what_is_made_of_each_pixel_alone(model: VideoStyle):
    """It follows known motion; where frames differ, styled frames may differ."""

    def losses(network: object, batch: tf.Tensor) -> float:
        return float(model.losses_of(network, {"clip": batch}, training=False)["temporal_loss"])

    def negative(frames: tf.Tensor, training: bool) -> tf.Tensor:
        return 1 - frames

    def stuck(frames: tf.Tensor, training: bool) -> tf.Tensor:
        return frames + tf.random.stateless_normal((1, *frames.shape[1:]), (0, 0))

    different = clip(2)
    assert losses(negative, different) < 1e-3
    still = tf.concat([different[:, :1]] * 2, axis=1)
    assert losses(negative, still) == 0
    assert losses(stuck, still) == pytest.approx(1, rel=0.2)  # half of twice its variance, as neighbours are equal


def test_frames_are_styled_one_by_one_at_any_size_and_rate(model: VideoStyle):
    frames = RANDOM.integers(0, 256, (3, 36, 44, 3), np.uint8)
    (made,) = model.transform([Clip(frames, 12.0)])
    assert made.frames.shape == (3, 36, 44, 1) and made.rate == 12
    (alone,) = model.transform([Clip(frames[1:2], 12.0)])
    np.testing.assert_allclose(alone.frames[0], made.frames[1], atol=1e-5)
    with pytest.raises(InputError, match="no option sigma"):
        model.transform([frames], sigma=3)


def test_less_flickers_with_the_loss_than_without(tmp_path: Path):
    found = {}
    for weight in (0.0, 400.0):
        recipe = dataclasses.replace(
            RECIPE,
            temporal_weight=weight,
            steps=50,
            optimizer=AdamSettings(learning_rate=5e-3, clip_norm=1.0),
            average_images=200,
            logging=QUIET,
        )
        run = aigc_tf.train(recipe, tmp_path / str(weight))
        windows = as_brightness(run.source.inputs("test", 8))
        found[weight] = flicker(run.transform, windows, 0)
    for name in ("pan_flicker", "noise_flicker"):
        assert found[400.0][name] < 0.7 * found[0.0][name], found
