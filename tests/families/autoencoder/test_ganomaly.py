"""GANomaly: losses by the paper's equations, the networks that each loss trains, and the anomaly score."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.families.autoencoder.ganomaly import GANomaly as Model
from aigc_tf.families.autoencoder.ganomaly import reconstruction_losses
from aigc_tf.recipes.autoencoders import CorruptionSettings, LikelihoodSettings
from aigc_tf.recipes.ganomaly import GANomaly
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.settings import AdamSettings

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(-1, 1, (8, 16, 16, 1)).astype(np.float32)
PARTS = ("encoder", "decoder", "second_encoder", "discriminator")


def create(**changes: object) -> Model:
    return aigc_tf.create(dataclasses.replace(GANomaly.tiny(), **changes))


def trained(model: Model, steps: int) -> Model:
    for _ in range(steps):
        model.train_step({"image": tf.constant(IMAGES)})
    return model


def weights(network: keras.Model) -> list[np.ndarray]:
    return [weight.numpy() for weight in network.trainable_variables]


class Recorder:
    """Mock optimizer: records gradients, updates nothing."""

    iterations = 1

    def apply(self, gradients: list[tf.Tensor], weights: list[keras.Variable]) -> None:
        self.gradients = gradients


def test_losses_by_hand():
    images = np.array([[1.0, -1.0]], np.float32).reshape(1, 1, 2, 1)
    latent, second_latent = np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 0.0, 6.0]])
    losses = reconstruction_losses(images, images * 0.5, latent, second_latent)
    assert float(losses["contextual_loss"]) == pytest.approx(0.5)
    assert float(losses["encoder_loss"]) == pytest.approx((4 + 9) / 3)


@pytest.mark.parametrize("masking", [0.0, 1.0])
def test_the_losses_of_a_step_are_those_of_the_equations(masking: float):
    """In training mode; a denoiser's encoder gets corrupted images, here black ones, all other networks clean ones."""
    model, twin = (create(corruption=CorruptionSettings(masking=masking)) for _ in range(2))
    latent = model.encoder(IMAGES if masking == 0 else -np.ones_like(IMAGES), training=True)
    fake = np.tanh(model.decoder(latent, training=True) / 2)  # the paper's last activation
    second = model.second_encoder(fake, training=True)
    real_features, real_logits = model.discriminator(IMAGES, training=True)
    fake_features, fake_logits = model.discriminator(fake, training=True)
    expected = {
        "adversarial_loss": np.mean((real_features - fake_features) ** 2),
        "contextual_loss": np.mean(np.abs(IMAGES - fake)),
        "encoder_loss": np.mean((latent - second) ** 2),
        "discriminator_loss": np.mean(np.logaddexp(0, -real_logits)) + np.mean(np.logaddexp(0, fake_logits)),
    }
    expected["loss"] = expected["adversarial_loss"] + 50 * expected["contextual_loss"] + 10 * expected["encoder_loss"]
    logs = twin.train_step({"image": tf.constant(IMAGES)})
    found = {name: float(logs[name]) for name in expected}
    assert found == pytest.approx({name: float(value) for name, value in expected.items()}, rel=1e-3)


@pytest.mark.parametrize("loss", ["adversarial", "contextual", "encoder"])
def test_each_loss_reaches_the_networks_it_is_for(loss: str):
    """One loss weight is non-zero at a time; only the third loss trains the second encoder."""
    off = dict.fromkeys(("adversarial_weight", "contextual_weight", "encoder_weight"), 0.0)
    model = create(**{**off, f"{loss}_weight": 2.0})
    model.adam = Recorder()
    before = weights(model.discriminator)
    model.train_step({"image": tf.constant(IMAGES)})
    names = [part for part in PARTS[:3] for _ in getattr(model, part).trainable_variables]
    moved = {
        name
        for name, gradient in zip(names, model.adam.gradients, strict=True)
        if gradient is not None and np.abs(gradient).max() > 0
    }
    assert moved == {"encoder", "decoder"} | ({"second_encoder"} if loss == "encoder" else set())
    assert all(not np.array_equal(a, b) for a, b in zip(before, weights(model.discriminator), strict=True))


def test_the_discriminator_moves_on_its_own_loss_alone():
    """Its gradients are those of its cross-entropy, independent of the generator's loss weights."""
    for weight in (0.0, 1000.0):
        model = create(adversarial_weight=weight)
        model.discriminator_adam = Recorder()
        model.train_step({"image": tf.constant(IMAGES)})
        gradients = [gradient.numpy() for gradient in model.discriminator_adam.gradients]
        if weight == 0:
            expected = gradients
    for found, wanted in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_all_four_networks_learn_and_three_are_averaged():
    model = create(average_images=None)
    before = {part: weights(getattr(model, part)) for part in PARTS}
    trained(model, 1)
    for part in PARTS:
        changed = [not np.array_equal(a, b) for a, b in zip(before[part], weights(getattr(model, part)), strict=True)]
        assert all(changed), part
    assert model.used_second_encoder is model.second_encoder
    averaged = create()
    averages = [getattr(averaged, f"used_{part}") for part in PARTS[:3]]
    before_average = [average.get_weights() for average in averages]
    trained(averaged, 3)
    for part, average, old in zip(PARTS[:3], averages, before_average, strict=True):
        now, network = average.get_weights(), getattr(averaged, part).get_weights()
        assert all(not np.array_equal(a, b) for a, b in zip(old, now, strict=True)), part
        assert all(not np.array_equal(a, b) for a, b in zip(network, now, strict=True)), part


def test_the_score_is_the_l1_distance_of_both_encodings():
    model = trained(create(), 2)
    images = 0.5 * IMAGES + 0.5
    first = model.encode(images)
    second = model.used_second_encoder.predict(2 * model.reconstruct(images) - 1, verbose=0)
    np.testing.assert_allclose(model.score(images), np.abs(first - second).sum(axis=1), rtol=1e-4)
    assert "nats" not in model.signatures()["score"].outputs["score"].meaning


@pytest.mark.parametrize("average_images", [None, 20_000])
def test_the_held_out_loss_is_that_of_what_is_used_and_changes_nothing(average_images: int | None):
    model = trained(create(average_images=average_images), 2)
    before = {name: value.numpy() for name, value in model.state().items()}
    logs = model.test_step({"image": tf.constant(IMAGES)})
    assert all(np.array_equal(value.numpy(), before[name]) for name, value in model.state().items())
    images = 0.5 * IMAGES + 0.5
    latent, reconstruction = model.encode(images), 2 * model.reconstruct(images) - 1
    second = model.used_second_encoder.predict(reconstruction, verbose=0)
    expected = 50 * np.abs(IMAGES - reconstruction).mean() + 10 * np.square(latent - second).mean()
    assert float(logs["loss"]) == pytest.approx(expected, rel=1e-4)


def test_it_learns_to_reconstruct():
    model = create(average_images=None, optimizer=AdamSettings(learning_rate=0.01, beta_1=0.5))
    step = tf.function(model.train_step)
    stripes = np.sign(np.sin(np.arange(16) * np.array([[0.3], [0.5], [0.8], [1.2]]))).astype(np.float32)
    images = tf.constant(np.tile(stripes[:, :, np.newaxis, np.newaxis], (1, 1, 16, 1)))
    first = float(step({"image": images})["contextual_loss"])
    for _ in range(150):
        logs = step({"image": images})
    assert float(logs["contextual_loss"]) < 0.5 * first


@pytest.mark.parametrize(("height", "width", "channels"), [(28, 28, 1), (5, 18, 3)])
def test_any_size_and_colour(height: int, width: int, channels: int):
    images = ImageSettings(height=height, width=width, channels=channels)
    model = create(images=images, filters=(4, 6, 8))
    pictures = RANDOM.uniform(0, 1, (3, *images.shape)).astype(np.float32)
    assert model.encode(pictures).shape == (3, 4)
    assert model.reconstruct(pictures).shape == pictures.shape
    assert model.score(pictures).shape == (3,)
    logs = model.train_step({"image": tf.constant(2 * pictures - 1)})
    assert all(np.isfinite(float(value)) for value in logs.values())


def test_all_convolutions_but_the_outermost_are_normalised():
    model = create(filters=(4, 6, 8))
    for network, expected in ((model.encoder, 2), (model.discriminator, 2), (model.decoder, 3)):
        found = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
        assert len(found) == expected


def test_a_likelihood_is_refused_by_name():
    with pytest.raises(ValueError, match=r"likelihood is .*gaussian.*contextual loss"):
        dataclasses.replace(GANomaly(), likelihood=LikelihoodSettings(kind="gaussian"))
