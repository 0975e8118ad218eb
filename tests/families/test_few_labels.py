"""Semi-supervised models: losses as in their papers, and short training."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.classes import ClassNames
from aigc_tf.nn.variational import gaussian_kl
from aigc_tf.recipes.gans import R1Settings
from aigc_tf.recipes.semi_gan import SemiGAN
from aigc_tf.recipes.semi_vae import SemiVAE
from aigc_tf.recipes.settings import AdamSettings

CLASSES = ClassNames(("left", "right", "both"))


def pictures(labels: np.ndarray, seed: int) -> np.ndarray:
    """Noise with one or two bright halves: float32 `[count, 16, 16, 1]` in [-1, 1]."""
    images = np.random.default_rng(seed).uniform(0, 0.4, (len(labels), 16, 16, 1)).astype(np.float32)
    images[labels != 1, :, :7] += 0.5
    images[labels != 0, :, 9:] += 0.5
    return 2 * images - 1


def test_an_unknown_class_costs_its_mean_over_the_classes_and_less_its_entropy() -> None:
    model = aigc_tf.create(SemiVAE.tiny(), classes=CLASSES)
    images = tf.constant(pictures(np.array([0, 1]), 0))
    logits = tf.constant([[1.0, 0.0, -2.0], [0.0, 3.0, 0.0]])
    found = model.cost_without_class(images, logits, 7).numpy()
    noise = tf.reshape(tf.constant(tf.keras.random.normal((6, 4), seed=7)), (2, 3, 4))
    q = tf.nn.softmax(logits).numpy()
    for row in range(2):
        expected = 0.0
        for label in range(3):
            mean, log_variance = model.encoder([images[row : row + 1], tf.constant([label])])
            latent = mean + tf.exp(0.5 * log_variance) * noise[row, label]
            parameters = model.decoder([latent, tf.constant([label])])
            explained = model.likelihood.log_probability(parameters, 0.5 * images[row : row + 1] + 0.5)
            cost = float(tf.reduce_sum(gaussian_kl(mean, log_variance)) - explained[0]) + np.log(3)
            expected += q[row, label] * (cost + np.log(q[row, label]))
        assert found[row] == pytest.approx(expected, rel=1e-4)


def test_a_real_picture_is_one_of_the_classes() -> None:
    """Its logit is that of Z / (Z + 1), where Z is the sum over classes."""
    model = aigc_tf.create(SemiGAN.tiny(), classes=CLASSES)
    images = tf.constant(pictures(np.array([0, 1, 2]), 0))
    _, scores, answer = (part.numpy() for part in model.seen(images, training=False))
    total = np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(1 / (1 + np.exp(-answer)), total / (total + 1), rtol=1e-5)
    told = model.probabilities(0.5 * images.numpy() + 0.5)
    np.testing.assert_allclose(told, np.exp(scores) / total, rtol=1e-4)


@pytest.mark.parametrize("recipe", [SemiVAE.tiny(), SemiGAN.tiny()], ids=["semi_vae", "semi_gan"])
def test_three_labels_are_enough_for_halves(recipe) -> None:
    rates = {
        name: AdamSettings(learning_rate=5e-3)
        for name in ("optimizer", "generator_optimizer", "discriminator_optimizer")
        if hasattr(recipe, name)
    }
    model = aigc_tf.create(dataclasses.replace(recipe, batch_size=24, **rates), classes=CLASSES)
    label = np.arange(24) % 3
    known = pictures(np.arange(3), 99)[label]
    step = tf.function(model.train_step)
    for index in range(60):
        classes = np.random.default_rng(index).integers(3, size=24)
        step({"image": pictures(classes, index), "known_image": known, "label": label.astype(np.int32)})
    asked = np.arange(60) % 3
    images = 0.5 * pictures(asked, 1000) + 0.5
    assert np.mean(model.probabilities(images).argmax(axis=1) == asked) > 0.9
    assert model.transform(images[:1])[0].startswith("left ")
    assert model.generate(2).shape == (2, 16, 16, 1)


@pytest.mark.parametrize("option", [{"gradient_penalty": 1.0}, {"r1": R1Settings(weight=1.0)}, {"loss": "hinge"}])
def test_options_that_its_game_has_no_use_for_are_refused(option: dict[str, object]) -> None:
    (name,) = option
    with pytest.raises(ValueError, match=f"leave {name} out"):
        dataclasses.replace(SemiGAN.tiny(), **option)
