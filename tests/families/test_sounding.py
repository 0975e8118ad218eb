"""Sound models: spectrograms as images, and audible output."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.sound.opening import open_source
from aigc_tf.data.sound.source import SoundSource
from aigc_tf.data.sound.spectrograms import sounds_of, spectrograms
from aigc_tf.errors import InputError
from aigc_tf.families.autoencoder.sound_vae import SoundVAE as Autoencoder
from aigc_tf.families.gan.sound_gan import SoundGAN as Model
from aigc_tf.families.latent_space import between
from aigc_tf.families.sounding import Seen
from aigc_tf.metrics.evaluator import Request
from aigc_tf.metrics.sound.features import build
from aigc_tf.metrics.sound.reconstruction import SoundReconstruction, stoi
from aigc_tf.metrics.sound.samples import CODED, SoundSamples, coded
from aigc_tf.recipes.sound_gan import SoundGAN
from aigc_tf.recipes.sound_vae import SoundVAE

REQUEST = Request(part="test", samples=16)


@pytest.fixture(scope="module")
def source() -> SoundSource:
    return open_source(SoundVAE.tiny())


@pytest.fixture(scope="module")
def vae() -> Autoencoder:
    model = aigc_tf.create(SoundVAE.tiny())
    assert isinstance(model, Autoencoder)
    return model


@pytest.fixture(scope="module")
def gan() -> Model:
    recipe = SoundGAN.tiny()
    model = aigc_tf.create(recipe, **open_source(recipe).assets_for(recipe))
    assert isinstance(model, Model)
    return model


def test_a_sound_is_that_of_the_spectrogram(vae: Autoencoder):
    latents = vae.latents(3, seed=1)
    pictures, sounds = vae.decode_pictures(latents), vae.decode(latents)
    settings = vae.recipe.sound
    np.testing.assert_allclose(sounds, sounds_of(pictures, settings), atol=1e-5)
    assert sounds.shape == (3, settings.samples) and np.abs(sounds).max() <= 1
    np.testing.assert_allclose(Seen(vae).generate(3, 1), pictures, atol=1e-6)
    np.testing.assert_allclose(Seen(vae, heard=True).generate(3, 1), spectrograms(sounds, settings), atol=1e-5)


def test_the_way_between_two_recordings_begins_and_ends_at_their_reconstructions(vae: Autoencoder, source: SoundSource):
    sounds = source.inputs("test", 2)
    way = between(vae, *sounds, frames=4)
    np.testing.assert_allclose(way[[0, -1]], vae.reconstruct(sounds), atol=1e-4)


def test_a_sound_of_a_class_is_made_by_its_name(gan: Model):
    one = gan.generate(2, seed=0, condition=gan.condition.parse(["knock"]))
    other = gan.generate(2, seed=0, condition=gan.condition.parse(["trill"]))
    assert one.shape == other.shape == (2, 256) and not np.allclose(one, other)
    with pytest.raises(InputError, match="there is no class bang"):
        gan.condition.parse(["bang"])


def test_signatures_take_and_give_sound(vae: Autoencoder, gan: Model, source: SoundSource):
    signatures = vae.signatures(source)
    assert list(signatures["reconstruct"].inputs) == list(signatures["decode"].outputs) == ["sound"]
    sounds = signatures["reconstruct"].examples(3, 0)["sound"]
    made = np.asarray(signatures["reconstruct"].network(sounds))
    np.testing.assert_allclose(made, vae.reconstruct(sounds), atol=1e-3)
    mean, _ = signatures["encode"].network(sounds)
    np.testing.assert_allclose(mean, vae.encode(sounds), atol=1e-4)
    generate = gan.signatures()["generate"]
    given = generate.examples(4, 0)
    assert set(given) == {"latent", "label"} and generate.outputs["sound"].shape == (256,)
    np.testing.assert_allclose(
        np.asarray(generate.network([given["latent"], given["label"]])), gan.generate(4, 0, given["label"]), atol=1e-3
    )


def test_no_constant_of_the_layers_is_part_of_the_state(vae: Autoencoder):
    assert not [name for name in vae.state() if "mel" in name]
    assert sum(variable.shape.num_elements() or 1 for variable in vae.state().values()) < 20_000


def test_training_makes_reconstructions_better(source: SoundSource):
    recipe = dataclasses.replace(SoundVAE.tiny(), annealing_steps=0, average_images=None)
    model = aigc_tf.create(recipe)
    before = SoundReconstruction().measure(model, source, recipe, REQUEST)
    step = tf.function(model.train_step)
    for _, batch in zip(range(150), source.batches(16, 0), strict=False):
        step(batch)
    after = SoundReconstruction().measure(model, source, recipe, REQUEST)
    assert after.figures["log_mel_error_db"].value < 0.7 * before.figures["log_mel_error_db"].value
    assert set(after.figures["log_mel_error_db"].baselines) >= {"nearest training recording", "coded by 20 mel bands"}


def test_intelligibility_falls_with_noise_and_with_coarse_coding():
    pytest.importorskip("pystoi")
    recipe = SoundVAE(sound=dataclasses.replace(SoundVAE().sound, iterations=8))
    sounds = open_source(recipe).inputs("test", 6)
    noise = np.random.default_rng(0).normal(0, 0.5, sounds.shape).astype(np.float32)
    perfect, fine = stoi(sounds, sounds, 8000), stoi(sounds, coded(sounds, recipe.sound, 64), 8000)
    coarse, noisy = stoi(sounds, coded(sounds, recipe.sound, 8), 8000), stoi(sounds, sounds + noise, 8000)
    assert perfect is not None and perfect > 0.999 > fine > coarse and perfect > noisy


def test_sounds_without_classes_are_measured_too(vae: Autoencoder):
    noise = np.random.default_rng(0).uniform(-1, 1, (120, 400)) * np.linspace(0, 1, 400)
    unlabelled = open_source(vae.recipe, data=list(noise))
    found = SoundSamples().measure(vae, unlabelled, vae.recipe, Request(part="test", samples=12))
    assert found.figures["frechet_distance"].value > 0 and "inception_score" not in found.figures
    assert found.figures["frechet_distance"].baselines.keys() >= {CODED, "standard normal latents"}
    assert (
        "reconstruction_recognition" not in SoundReconstruction().measure(vae, unlabelled, vae.recipe, REQUEST).figures
    )


def test_the_classifier_of_words_sees_all_of_the_time():
    network = build((16, 16, 1), 4)
    noise = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 1)).astype(np.float32)
    later = np.roll(noise, 5, axis=2)
    first, second = network(noise), network(later)
    assert first["features"].shape == (2, 64) and first["logits"].shape == (2, 4)
    assert not np.allclose(first["logits"], second["logits"])
