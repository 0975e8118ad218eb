"""Text-to-image GAN."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.captioned.opening import open_source
from aigc_tf.export import Limits, Runner, export
from aigc_tf.families.gan.prompted import TextGAN as TextGANModel
from aigc_tf.nn.losses import discriminator_loss
from aigc_tf.recipes.augment import DifferentiableAugmentation
from aigc_tf.recipes.settings import AdamSettings
from aigc_tf.recipes.text_gan import TextGAN

PROMPTS = ["large red circle", "large blue circle"]


@pytest.fixture(scope="module")
def source():
    return open_source(TextGAN.tiny())


@pytest.fixture(scope="module")
def gan(source) -> TextGANModel:
    """A model after 300 fast steps on synthetic pictures."""
    recipe = dataclasses.replace(
        TextGAN.tiny(),
        batch_size=32,
        generator_filters=(32, 16),
        discriminator_filters=(16, 16),
        differentiable=DifferentiableAugmentation(),
        generator_optimizer=AdamSettings(learning_rate=4e-3, beta_1=0.5),
        discriminator_optimizer=AdamSettings(learning_rate=2e-3, beta_1=0.5),
    )
    model = aigc_tf.create(recipe, captions=source.captions)
    step = tf.function(model.train_step)
    for batch, _ in zip(source.batches(32, 0), range(300), strict=False):
        step(batch)
    return model


def test_it_learns_colours_from_words(gan: TextGANModel) -> None:
    red, blue = (gan.generate(32, seed=1, prompt=prompt).mean(axis=(0, 1, 2)) for prompt in PROMPTS)
    assert red[0] - red[2] > blue[0] - blue[2] + 0.1


def test_a_prompt_is_a_condition_for_all(gan: TextGANModel) -> None:
    images = gan.generate(3, seed=1, prompt=PROMPTS[0])
    np.testing.assert_array_equal(images, gan.generate(3, seed=1, condition=PROMPTS[0].upper()))
    np.testing.assert_array_equal(images, np.concatenate(list(gan.generate_batches(3, seed=1, prompt=PROMPTS[0]))))


def test_real_pictures_with_captions_of_others_are_to_be_refused(gan: TextGANModel, source, monkeypatch) -> None:
    """With a discriminator that sees only the first word and the first pixel."""
    words = tf.constant(source.captions.numbers(["red ring", "blue ring", "blue ring", "green ring"]))
    real, fake = tf.ones((4, 16, 16, 3)), tf.zeros((4, 16, 16, 3))

    def judge(images: tf.Tensor, condition: list[tf.Tensor]) -> tf.Tensor:
        return images[:, 0, 0, :1] + 0.1 * tf.cast(condition[0][:, :1], tf.float32)

    monkeypatch.setattr(gan, "judge", judge)
    contest = gan.contest(real, fake, [words])
    first = 0.1 * words.numpy()[:, 0]
    np.testing.assert_allclose(contest.fake_logits[:, 0], first)
    # The third picture's preceding caption equals its own: it is excluded.
    mismatched = np.where([True, True, False, True], 1 + np.roll(first, 1), first)
    refused = np.concatenate([first, mismatched])[:, None].astype(np.float32)
    np.testing.assert_allclose(contest.loss, discriminator_loss((1 + first)[:, None].astype(np.float32), refused), 1e-6)


def test_a_file_encodes_words_and_draws(gan: TextGANModel, tmp_path: Path) -> None:
    made = export(gan, tmp_path, limits=Limits(examples=8), measure=False, metadata=gan.export_metadata())
    runner = Runner(made.path)
    states = runner.map("encode", {"words": gan.captions.numbers(PROMPTS)})["states"]
    latents = gan.latents(2, 5)
    image = runner.map("generate", {"latent": latents, "states": states})["image"]
    np.testing.assert_allclose(image, gan.decode(latents, PROMPTS), atol=1e-4)


def test_what_cannot_attend_is_refused() -> None:
    with pytest.raises(ValueError, match="give at least two"):
        TextGAN(generator_filters=(32,))
    with pytest.raises(ValueError, match="the last but one of generator_filters 6"):
        TextGAN(generator_filters=(8, 6, 8))
