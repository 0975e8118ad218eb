"""Latent flow: the autoencoder is trained separately, first, and is part of sampling and export."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.families.flow.latent import LatentFlow as LatentFlowModel
from aigc_tf.metrics.images.codes import squares
from aigc_tf.recipes.flows import TransformerSettings
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.latent_flow import CodeSettings, LatentFlow
from tests.families.flow.squares import PICTURES

RANDOM = np.random.default_rng(0)


def weights_of(*networks) -> list[np.ndarray]:
    return [weight for network in networks for weight in network.get_weights()]


def changed(before: list[np.ndarray], after: list[np.ndarray]) -> bool:
    return any((first != second).any() for first, second in zip(before, after, strict=True))


def test_first_the_autoencoder_learns_and_then_the_flow_alone() -> None:
    model = aigc_tf.create(LatentFlow.tiny())  # one step of the autoencoder
    batch = {"image": tf.constant(RANDOM.uniform(-1, 1, (8, 16, 16, 1)), tf.float32)}
    step = tf.function(model.train_step)
    codes, flow = weights_of(model.encoder, model.decoder), weights_of(model.predictor, model.used)
    step(batch)
    learnt = weights_of(model.encoder, model.decoder)
    assert changed(codes, learnt) and not changed(flow, weights_of(model.predictor, model.used))
    step(batch)
    assert not changed(learnt, weights_of(model.encoder, model.decoder))
    assert changed(flow, weights_of(model.predictor, model.used))


@pytest.fixture(scope="module")
def trained() -> LatentFlowModel:
    """A model trained on two pictures, 150 steps for the autoencoder and 200 for the flow."""
    recipe = dataclasses.replace(
        LatentFlow.tiny(),
        images=ImageSettings(height=8, width=8),
        code=CodeSettings(steps=150, filters=(16,), channels=4),
        network="transformer",
        transformer=TransformerSettings(patch=2, width=32, depth=1, heads=2),
        average_images=3000,
    )
    model = aigc_tf.create(recipe)
    step = tf.function(model.train_step)
    for _ in range(350):
        step({"image": tf.constant(2 * PICTURES[RANDOM.integers(2, size=16)] - 1)})
    return model


def test_it_draws_what_it_has_seen(trained: LatentFlowModel) -> None:
    assert np.square(trained.reconstruct(PICTURES) - PICTURES).mean() < 0.01
    samples = trained.generate(48, seed=1, evaluations=10)
    distances = ((samples[:, None] - PICTURES) ** 2).mean(axis=(2, 3, 4))
    assert np.median(distances.min(axis=1)) < 0.05
    assert 0.2 < (distances[:, 0] < distances[:, 1]).mean() < 0.8


def test_codes_have_the_power_of_noise(trained: LatentFlowModel) -> None:
    codes = trained.coded(2 * PICTURES - 1)
    assert codes.shape == (2, 4, 4, 4) and trained.latent_dim == 64
    np.testing.assert_allclose(codes.mean(axis=(1, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(codes.std(axis=(1, 2, 3)), 1, atol=0.01)


def test_little_noise_changes_little_of_a_picture(trained: LatentFlowModel) -> None:
    changes = [np.abs(trained.transform(PICTURES, strength=strength) - PICTURES).mean() for strength in (0.02, 1.0)]
    assert changes[0] < 0.1 < changes[1]


def test_nothing_is_left_for_the_flow() -> None:
    with pytest.raises(ValueError, match=r"steps is 10: the first 3000 \(code\.steps\) train the autoencoder"):
        LatentFlow(steps=10)
    with pytest.raises(ValueError, match="doubles 4 times"):
        LatentFlow(images=ImageSettings(height=24, width=24))


def test_squares_have_their_mean() -> None:
    images = RANDOM.random((2, 4, 6, 3))
    made = squares(images, 2, 3)
    np.testing.assert_allclose(
        made[:, :2, 2:4], np.broadcast_to(images[:, :2, 2:4].mean((1, 2), keepdims=True), (2, 2, 2, 3))
    )
    np.testing.assert_array_equal(squares(images, 4, 6), images)
