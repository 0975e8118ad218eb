"""The conditional GAN: both networks are conditioned on the class, and samples have the requested class."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.classes import ClassNames
from aigc_tf.errors import InputError
from aigc_tf.families.gan.conditional import ConditionalGAN
from aigc_tf.recipes.cgan import CGAN
from aigc_tf.recipes.gans import R1Settings, ReplaySettings
from aigc_tf.references import resolve

CLASSES = ClassNames(("dark", "middle", "bright"))
REAL = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype(np.float32)


def untrained(**changes: object) -> ConditionalGAN:
    return aigc_tf.create(dataclasses.replace(CGAN.tiny(), **changes), classes=CLASSES)


@pytest.fixture(scope="module")
def model() -> ConditionalGAN:
    return untrained()


def test_classes_come_in_turn_or_as_they_are_asked_for(model: ConditionalGAN):
    in_turn = model.generate(5, seed=1)
    np.testing.assert_array_equal(in_turn, model.generate(5, seed=1, condition=[0, 1, 2, 0, 1]))
    np.testing.assert_array_equal(in_turn, model.generate(5, seed=1, condition=["dark", "middle", 2, "0", "middle"]))
    bright = model.generate(5, seed=1, condition="bright")
    np.testing.assert_array_equal(bright, model.decode(model.latents(5, 1), np.full(5, 2)))
    differs = np.abs(bright - in_turn).max(axis=(1, 2, 3)) > 1e-6
    assert list(differs) == [True, True, False, True, True]  # the same latents, other classes


@pytest.mark.parametrize("names", [("1", "2", "3"), ("0", "1", "10", "2")])
def test_classes_whose_names_are_numerals_are_drawn_by_number_and_by_name(names: tuple[str, ...]):
    model = aigc_tf.create(CGAN.tiny(), classes=ClassNames(names))
    count = len(names)
    numbers, latents = np.arange(count, dtype=np.int32), model.latents(count, 1)
    expected = np.clip(model.sampler([latents, numbers], training=False).numpy() * 0.5 + 0.5, 0, 1)
    assert np.abs(expected[1] - model.decode(latents[1:2], condition=0)[0]).max() > 1e-6  # the class matters
    for labels in (None, list(names), list(range(count)), numbers, [names[0], *range(1, count)]):
        np.testing.assert_allclose(model.generate(count, seed=1, condition=labels), expected, atol=1e-6)
    for number, name in enumerate(names):
        one = model.decode(latents, np.full(count, number))
        for label in (number, np.int64(number), name):
            np.testing.assert_array_equal(model.generate(count, seed=1, condition=label), one)


def test_batches_have_the_latents_and_the_classes_of_one_call(model: ConditionalGAN):
    batches = list(model.generate_batches(1001, seed=1))
    assert [len(batch) for batch in batches] == [500, 500, 1]
    np.testing.assert_allclose(np.concatenate(batches), model.generate(1001, seed=1), atol=1e-6)


def test_labels_that_cannot_be_are_refused(model: ConditionalGAN):
    with pytest.raises(InputError, match="no class grey: choose one of dark, middle, bright"):
        model.generate(2, condition="grey")
    with pytest.raises(ValueError, match="2 classes were given for 3 examples"):
        model.generate(3, condition=[0, 1])


def test_the_class_is_projected_onto_the_features():
    """Miyato & Koyama 2018, eq. 3: unconditional logits plus the inner product of class embedding and features."""
    network = untrained().discriminator
    vectors = np.random.default_rng(1).normal(size=(3, network.get_layer("flatten").output.shape[-1]))
    network.get_layer("label_vector").set_weights([vectors.astype(np.float32)])
    features = np.asarray(keras.Model(network.inputs[0], network.get_layer("flatten").output)(REAL))
    kernel, bias = network.get_layer("logits").get_weights()
    labels = np.array([0, 1, 2, 0, 1, 2, 0, 1], np.int32)
    expected = features @ kernel + bias + (features * vectors[labels]).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(network([REAL, labels]), expected, rtol=1e-4, atol=1e-4)


def test_a_step_moves_the_vectors_of_the_classes_in_the_batch():
    model = untrained()
    tables = [network.get_layer("label_vector").embeddings for network in (model.generator, model.discriminator)]
    before = [table.numpy() for table in tables]
    model.train_step({"image": REAL, "label": np.array([0, 0, 0, 0, 2, 2, 2, 2], np.int32)})
    for table, old in zip(tables, before, strict=True):
        moved = np.abs(table.numpy() - old).max(axis=1) > 0
        assert list(moved) == [True, False, True]


def test_normalised_vectors_are_learnt_too():
    model = untrained(spectral_normalisation=True)
    (vectors,) = (v for v in model.discriminator.trainable_variables if "label_vector" in v.path)
    before = vectors.numpy()
    model.train_step({"image": REAL, "label": np.zeros(8, np.int32)})
    assert np.abs(vectors.numpy() - before).max() > 0
    answers = [model.discriminator([REAL, np.full(8, label)], training=False) for label in (0, 1)]
    assert np.abs(answers[0] - answers[1]).max() > 1e-3


def test_the_replay_keeps_labels_with_their_images():
    settings = {"replay": ReplaySettings(share=0.5, capacity=20), "r1": R1Settings(weight=1.0, every=1)}
    model = untrained(discriminator_steps=2, **settings)
    step = tf.function(model.train_step)
    labels = np.tile(np.array([1, 2], np.int32), 8)
    for _ in range(2):
        logs = step({"image": np.concatenate([REAL, REAL]), "label": labels})
    assert all(np.isfinite(float(value)) for value in logs.values())
    images, kept = (part.numpy() for part in model.replay.parts)
    np.testing.assert_array_equal(kept[:16], np.tile([1, 2], 8))
    assert np.abs(images[:16]).max(axis=(1, 2, 3)).min() > 0 and not images[16:].any()


def test_held_out_losses_take_labels(model: ConditionalGAN):
    data = tf.data.Dataset.from_tensors({"image": REAL, "label": np.zeros(8, np.int32)})
    assert model.evaluate(data, verbose=0, return_dict=True)["discriminator_loss"] == pytest.approx(
        2 * np.log(2), abs=0.1
    )


def test_signature_takes_latent_and_label(model: ConditionalGAN):
    signature = model.signatures()["generate"]
    examples = signature.examples(4, 3)
    np.testing.assert_array_equal(examples["label"], [0, 1, 2, 0])
    drawn = signature.network([examples[name] for name in signature.inputs])
    np.testing.assert_allclose(drawn, model.generate(4, seed=3), atol=1e-6)
    assert model.export_metadata() == {"classes": CLASSES.names}


def test_the_signature_has_the_inputs_of_the_generator_whatever_they_are_called():
    recipe = dataclasses.replace(CGAN.tiny(), average_images=None)
    generator, discriminator = (resolve(reference)(recipe, CLASSES) for reference in recipe.networks.values())
    latent, kind = generator.inputs[0], keras.Input((), dtype="int32", name="kind")
    renamed = keras.Model([latent, kind], generator([latent, kind]))
    signature = ConditionalGAN(recipe, renamed, discriminator, CLASSES).signatures()["generate"]
    assert list(signature.inputs) == ["latent", "kind"] == [tensor.name for tensor in signature.network.inputs]
    assert signature.inputs["kind"].kinds == CLASSES.names
    np.testing.assert_array_equal(signature.examples(4, 3)["kind"], [0, 1, 2, 0])


def test_previews_have_a_row_for_each_class(model: ConditionalGAN):
    picture = model.previews(None)["samples"]
    height, width = 16 + 2 + 15, 8 * 17 + 1  # of a row: its border, and the line with the class name
    assert picture.shape == (3 * (height + 4) + 4, width + 8, 1)
    line = picture[4 + 18 : 4 + height, 4:-4]
    assert line.min() < 100 < line.mean()  # black on white


def test_it_learns_what_the_classes_look_like():
    """Short training on dark and bright noise distinguishes the classes."""
    random = np.random.default_rng(0)
    model = untrained(batch_size=32)
    step = tf.function(model.train_step)
    for _ in range(300):
        labels = random.integers(0, 3, 32).astype(np.int32)
        images = (labels - 1)[:, None, None, None] * 0.6 + random.uniform(-0.3, 0.3, (32, 16, 16, 1))
        step({"image": images.astype(np.float32), "label": labels})
    dark, middle, bright = (model.generate(50, condition=label).mean() for label in range(3))
    assert dark < middle - 0.1 and middle < bright - 0.1  # 0.2, 0.5 and 0.8 in the data
