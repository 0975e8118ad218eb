"""Per-example gradient norms and clipped sums against a loop over the examples."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from aigc_tf.errors import InputError
from aigc_tf.privacy.gradients import Traced, clipped_sums


def convolutional() -> keras.Model:
    """Every layer type, padding and stride; with more positions than Gram matrices are efficient for, and fewer."""
    image = keras.Input((8, 8, 2), name="image")
    x = layers.LeakyReLU(0.2)(layers.Conv2D(6, 5, strides=2, padding="same")(image))
    x = layers.LeakyReLU(0.2)(layers.Conv2D(40, (2, 3), padding="valid", use_bias=False)(x))
    x = layers.LeakyReLU(0.2)(layers.Conv2DTranspose(5, 4, strides=2, padding="same")(x))
    x = layers.LeakyReLU(0.2)(layers.Conv2DTranspose(3, (3, 2), strides=1, padding="valid", use_bias=False)(x))
    x = layers.Dense(4)(x)  # at every pixel
    x = layers.LeakyReLU(0.2)(layers.Dense(7)(layers.Flatten()(x)))
    return keras.Model(image, layers.Dense(1, use_bias=False)(x), name="network")


def dense() -> keras.Model:
    image = keras.Input((8, 8, 2), name="image")
    x = layers.ReLU()(layers.Dense(9)(layers.Flatten()(image)))
    return keras.Model(image, layers.Dense(1)(x), name="network")


def losses_of(answers: tf.Tensor) -> tf.Tensor:
    return tf.math.softplus(-3.0 * answers[:, 0])


def sums_of(traced: Traced, images: tf.Tensor, clip_norm: float | None) -> tuple[list[tf.Tensor], tf.Tensor]:
    with tf.GradientTape() as tape:
        (answers,), passages = traced(images)
        losses = losses_of(answers)
    return clipped_sums(passages, tape.gradient(losses, [passage.outputs for passage in passages]), clip_norm)


@pytest.mark.parametrize("make", [convolutional, dense])
def test_norms_and_clipped_sums_are_those_of_a_loop(make):
    keras.utils.set_random_seed(0)
    network = make()
    traced = Traced(network)
    images = tf.random.stateless_normal((6, 8, 8, 2), (1, 2)) * np.linspace(0.1, 3, 6).reshape(6, 1, 1, 1)
    alone = []
    for image in images:
        with tf.GradientTape() as tape:
            loss = losses_of(network(image[None]))
        alone.append(tape.gradient(loss, [weight.value for weight in traced.weights]))
    wanted = np.array([tf.linalg.global_norm(gradients) for gradients in alone])
    clip_norm = float(np.median(wanted))
    sums, norms = sums_of(traced, images, clip_norm)
    np.testing.assert_allclose(norms, wanted, rtol=1e-4)
    shares = np.minimum(1, clip_norm / wanted)
    assert 0 < (shares < 1).sum() < 6
    for position, found in enumerate(sums):
        expected = sum(share * gradients[position] for share, gradients in zip(shares, alone, strict=True))
        np.testing.assert_allclose(found, expected, atol=1e-5 * clip_norm + 1e-4 * np.abs(expected).max())
    free, _ = sums_of(traced, images, None)
    with tf.GradientTape() as tape:
        whole = tf.reduce_sum(losses_of(network(images)))
    for found, expected in zip(free, tape.gradient(whole, [w.value for w in traced.weights]), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_one_enormous_example_counts_as_much_as_any_other():
    keras.utils.set_random_seed(0)
    traced = Traced(dense())
    images = tf.random.stateless_normal((5, 8, 8, 2), (1, 2))
    enormous = tf.concat([images[:4], 1e6 * images[4:]], 0)
    clip_norm = 0.5
    for batch in (images, enormous):
        without, _ = sums_of(traced, batch[:4], clip_norm)
        with_it, norms = sums_of(traced, batch, clip_norm)
        moved = tf.linalg.global_norm([a - b for a, b in zip(with_it, without, strict=True)])
        assert moved <= clip_norm * 1.0001
        assert tf.linalg.global_norm(with_it) <= 5 * clip_norm * 1.0001
    assert norms[4] > 1e5


@pytest.mark.parametrize("make", [convolutional, dense])
@pytest.mark.parametrize("monster", [1e30, np.inf, np.nan])
def test_an_example_whose_gradient_is_not_finite_adds_nothing(monster: float, make):
    keras.utils.set_random_seed(0)
    traced = Traced(make())
    images = tf.random.stateless_normal((5, 8, 8, 2), (1, 2))
    wanted, _ = sums_of(traced, images[:4], 0.5)
    found, norms = sums_of(traced, tf.concat([images[:4], monster * images[4:]], 0), 0.5)
    assert np.isfinite(norms[:4]).all() and not np.isfinite(norms[4])
    for part, expected in zip(found, wanted, strict=True):
        np.testing.assert_allclose(part, expected, atol=1e-6)
    unclipped, _ = sums_of(traced, np.nan * images, None)
    assert not all(np.isfinite(part).all() for part in unclipped)  # without clipping, divergence is visible


def test_an_empty_batch_has_a_sum_of_zero():
    sums, norms = sums_of(Traced(dense()), tf.zeros((0, 8, 8, 2)), 1.0)
    assert norms.shape == (0,) and not any(np.any(part) for part in sums)


@pytest.mark.parametrize(
    ("layer", "fault"),
    [
        (layers.BatchNormalization(name="x"), "x in the network is a batch normalisation: it mixes the examples"),
        (layers.Dense(2, activation="relu", name="x"), "x in the network has an activation"),
        (layers.Conv2D(2, 3, groups=2, name="x"), "x in the network has groups or dilation"),
        (layers.PReLU(name="x"), "x in the network is a PReLU: private training can clip .* Dense, Conv2D"),
        (layers.SpectralNormalization(layers.Dense(2), name="x"), "x in the network is a SpectralNormalization"),
    ],
)
def test_other_layers_are_refused(layer: keras.layers.Layer, fault: str):
    image = keras.Input((4, 4, 2))
    with pytest.raises(InputError, match=fault):
        Traced(keras.Model(image, layer(image), name="network"))
