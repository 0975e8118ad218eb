"""The video GAN: content and motion latents, and a discriminator that is sensitive to frame order."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.source import Source
from aigc_tf.data.video.opening import open_source
from aigc_tf.families.gan.video import VideoGAN
from aigc_tf.recipes.video import VideoSettings
from aigc_tf.recipes.video_gan import VideoGAN as Recipe

RECIPE = Recipe.tiny()


@pytest.fixture(scope="module")
def model() -> VideoGAN:
    return aigc_tf.create(RECIPE)


@pytest.fixture(scope="module")
def source() -> Source:
    return open_source(RECIPE)


def test_content_is_of_all_frames_and_motion_of_its_own_and_later_ones(model: VideoGAN):
    latents = model.latents(2, seed=0)
    clips = model.decode(latents)
    assert clips.shape == (2, 3, 32, 32, 1) and clips.min() >= 0 and clips.max() <= 1
    for changed, same in ((slice(0, 4), 0), (slice(4, 6), 0), (slice(6, 8), 1), (slice(8, 10), 2)):
        others = latents.copy()
        others[:, changed] += 3
        difference = np.abs(model.decode(others) - clips).max(axis=(2, 3, 4))
        np.testing.assert_allclose(difference[:, :same], 0, atol=1e-6)
        assert (difference[:, same:] > 1e-3).all()


def test_rows_have_one_content_and_columns_one_motion(model: VideoGAN):
    latents, clips = model.latents(2, seed=3), model.exchanged(2, seed=3)
    np.testing.assert_allclose(np.stack([clips[0, 0], clips[1, 1]]), model.decode(latents), atol=1e-6)
    mixed = np.concatenate([latents[0, :4], latents[1, 4:]])
    np.testing.assert_allclose(clips[0, 1], model.decode(mixed[None])[0], atol=1e-6)


def test_the_discriminator_sees_the_order_of_frames(model: VideoGAN):
    clips = np.random.default_rng(0).uniform(-1, 1, (4, 3, 32, 32, 1)).astype(np.float32)
    answers = model.discriminator(clips).numpy()
    assert answers.shape == (4, 1)
    assert np.abs(model.discriminator(clips[:, ::-1]).numpy() - answers).min() > 1e-6
    # Each clip is evaluated independently.
    np.testing.assert_allclose(model.discriminator(clips[1:2]).numpy(), answers[1:2], atol=1e-5)


def test_both_players_move_by_one_shared_pass_as_by_two(source: Source):
    """The shared backward pass through a clip discriminator gives each player's own gradients."""
    batch = next(iter(source.batches(4, seed=0)))
    weights = []
    for shares in (True, False):
        model = aigc_tf.create(RECIPE)
        assert model.shares_backward_pass
        model.shares_backward_pass = shares
        logs = model.train_step(batch)
        assert np.isfinite(float(logs["generator_loss"]))
        weights.append([weight.numpy() for weight in model.generator.trainable_variables])
    for first, second in zip(*weights, strict=True):
        np.testing.assert_allclose(first, second, atol=2e-5)


def test_sizes_that_cannot_be_halved_are_refused():
    with pytest.raises(ValueError, match=r"video\.crop is 36: generator_filters halve it, it must be divisible by 8"):
        Recipe(video=VideoSettings(size=36, crop=36))


def test_a_clip_is_written_at_the_rate_that_was_learnt():
    recipe = dataclasses.replace(RECIPE, video=dataclasses.replace(RECIPE.video, rate=8.0))
    model = aigc_tf.create(recipe)
    assert model.export_metadata() == {"content": 4, "motion": 2, "rate": 8.0}


def test_averages_hold_no_states_of_random_streams(model: VideoGAN):
    """A GRU always has one, for any dropout."""
    assert [weight.dtype for weight in model.generator.weights] == ["float32"] * len(model.generator.weights)
    model.update_sampler(tf.constant(4))
