"""Multi-task learning: a shared encoder with two heads; a weight of 0 gives the single-task network."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.classes import ClassNames
from aigc_tf.recipes.autoencoder import Autoencoder
from aigc_tf.recipes.multi_task import MultiTask
from aigc_tf.recipes.settings import AdamSettings

CLASSES = ClassNames(("above", "below"))
TINY = dataclasses.replace(MultiTask.tiny(), average_images=None, optimizer=AdamSettings(learning_rate=1e-2))


def batch(seed: int, count: int = 16) -> dict[str, tf.Tensor]:
    """Noise with a bright half."""
    random = np.random.default_rng(seed)
    labels = random.integers(2, size=count)
    images = random.uniform(0, 0.4, (count, 16, 16, 1)).astype(np.float32)
    images[labels == 0, :8] += 0.5
    images[labels == 1, 8:] += 0.5
    known = tf.constant(2 * images - 1)
    return {"image": known, "known_image": known, "label": tf.constant(labels, tf.int32)}


def test_the_loss_is_the_weighted_sum_of_both() -> None:
    model = aigc_tf.create(dataclasses.replace(TINY, reconstruction_weight=0.5, class_weight=3.0), classes=CLASSES)
    given = batch(0)
    latent = model.encoder(given["image"])
    logits = model.classifier(latent).numpy()
    rows = np.arange(16)
    nats = np.log(np.exp(logits).sum(axis=1)) - logits[rows, given["label"].numpy()]
    pixels = keras.losses.BinaryCrossentropy(from_logits=True, reduction="none")(
        0.5 * given["image"][..., None] + 0.5, model.decoder(latent)[..., None]
    )
    expected = 0.5 * float(tf.reduce_mean(tf.reduce_sum(pixels, axis=(1, 2, 3)))) + 3.0 * nats.mean()
    assert float(model.test_step(given)["loss"]) == pytest.approx(expected, rel=1e-4)
    assert float(model.train_step(given)["loss"]) == pytest.approx(expected, rel=1e-4)


def test_both_heads_learn_from_one_encoder() -> None:
    model = aigc_tf.create(TINY, classes=CLASSES)
    step = tf.function(model.train_step)
    before = {name: float(value) for name, value in model.test_step(batch(99)).items()}
    for seed in range(60):
        step(batch(seed))
    after = {name: float(value) for name, value in model.test_step(batch(99)).items()}
    assert after["class_loss"] < 0.2 * before["class_loss"]
    assert after["reconstruction_loss"] < 0.97 * before["reconstruction_loss"]
    others = batch(7)
    told = model.probabilities(0.5 * others["image"].numpy() + 0.5)
    np.testing.assert_allclose(told.sum(axis=1), 1, rtol=1e-5)
    assert np.mean(told.argmax(axis=1) == others["label"].numpy()) > 0.9


@pytest.mark.parametrize("head", ["decoder", "classifier"])
def test_a_head_without_weight_stays_as_it_is(head: str) -> None:
    field = {"decoder": "reconstruction_weight", "classifier": "class_weight"}[head]
    model = aigc_tf.create(dataclasses.replace(TINY, **{field: 0.0}), classes=CLASSES)
    before = [weight.numpy() for weight in getattr(model, head).weights]
    given = batch(0)
    loss = float(model.train_step(given)["loss"])
    for weight, old in zip(getattr(model, head).weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)
    other = {"decoder": "class_weight", "classifier": "reconstruction_weight"}[head]
    louder = dataclasses.replace(TINY, **{field: 0.0, other: 2 * getattr(TINY, other)})
    assert float(aigc_tf.create(louder, classes=CLASSES).train_step(given)["loss"]) == pytest.approx(2 * loss)


def test_without_classes_it_is_the_autoencoder() -> None:
    """The same updates, weight by weight."""
    model = aigc_tf.create(dataclasses.replace(TINY, class_weight=0.0), classes=CLASSES)
    plain = aigc_tf.create(dataclasses.replace(Autoencoder.tiny(), average_images=None, optimizer=TINY.optimizer))
    for mine, theirs in ((model.encoder, plain.encoder), (model.decoder, plain.decoder)):
        mine.set_weights(theirs.get_weights())
    for seed in range(3):
        model.train_step(batch(seed))
        plain.train_step(batch(seed))
    for mine, theirs in ((model.encoder, plain.encoder), (model.decoder, plain.decoder)):
        for one, other in zip(mine.weights, theirs.weights, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)


def test_two_weights_of_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="reconstruction_weight and class_weight are 0: nothing is learnt"):
        MultiTask(reconstruction_weight=0.0, class_weight=0.0)
