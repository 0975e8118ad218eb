"""The autoencoder's step, its fitted prior and its uses."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.images.opening import open_source
from aigc_tf.families.autoencoder.model import MAX_CORRELATED, Autoencoder
from aigc_tf.families.latent import AVERAGE_SHARE_OF_IMAGES_SEEN
from aigc_tf.nn.corruption import corrupt
from aigc_tf.recipes.autoencoder import Autoencoder as Recipe
from aigc_tf.recipes.autoencoders import LikelihoodSettings
from aigc_tf.recipes.denoising_autoencoder import DenoisingAutoencoder

IMAGES = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype("float32")
BRIGHTNESS = 0.5 * IMAGES + 0.5


def values(model: Autoencoder) -> dict[str, np.ndarray]:
    return {name: variable.numpy() for name, variable in model.state().items()}


def cross_entropy(logits: tf.Tensor, images: np.ndarray) -> float:
    """In nats per image, by the formula."""
    probability = 1 / (1 + np.exp(-np.asarray(logits, dtype="float64")))
    return float(-(images * np.log(probability) + (1 - images) * np.log(1 - probability)).sum((1, 2, 3)).mean())


@pytest.fixture
def tiny() -> Recipe:
    return dataclasses.replace(Recipe.tiny(), average_images=None)


def test_loss_is_the_negative_log_likelihood(tiny: Recipe):
    model = aigc_tf.create(tiny)
    naive = cross_entropy(model.decoder(model.encoder(IMAGES)), BRIGHTNESS)
    assert float(model.test_step({"image": IMAGES})["loss"]) == pytest.approx(naive, rel=1e-5)
    assert float(model.train_step({"image": IMAGES})["loss"]) == pytest.approx(naive, rel=1e-5)


def test_a_denoiser_reads_corrupted_images_and_is_paid_for_clean_ones():
    recipe = dataclasses.replace(
        DenoisingAutoencoder.tiny(), likelihood=LikelihoodSettings(kind="bernoulli"), average_images=None
    )
    model = aigc_tf.create(recipe)
    inputs = corrupt(BRIGHTNESS, recipe.corruption, keras.random.SeedGenerator(recipe.seed))
    assert 0.05 < float(np.std(inputs - BRIGHTNESS)) < recipe.corruption.gaussian  # clipped at black and white
    naive = cross_entropy(model.decoder(model.encoder(2 * inputs - 1)), BRIGHTNESS)
    assert float(model.train_step({"image": IMAGES})["loss"]) == pytest.approx(naive, rel=1e-5)


def test_a_step_moves_what_learns_and_nothing_else():
    recipe = dataclasses.replace(Recipe.tiny(), likelihood=LikelihoodSettings(kind="learnt_gaussian"))
    model = aigc_tf.create(recipe)
    before = {id(v): v.numpy() for v in model.variables}
    learning = {id(v) for v in model.learning}
    assert any("free_log_scale" in v.path for v in model.learning)
    model.train_step({"image": IMAGES})
    moved = {key for key, value in before.items() if not np.array_equal(value, by_id(model)[key].numpy())}
    assert learning <= moved
    averages = {id(v) for network in (model.used_encoder, model.used_decoder) for v in network.variables}
    assert moved - learning - averages == {id(model.first_moment), id(model.second_moment)}


def by_id(model: Autoencoder) -> dict[int, keras.Variable]:
    return {id(variable): variable for variable in model.variables}


def test_networks_train_in_training_mode_and_are_used_in_inference_mode(tiny: Recipe):
    """With dropout of everything, the training loss is that of a zero latent, the held-out loss is not."""
    model = aigc_tf.create(tiny)
    image = keras.Input(model.image_shape)
    dropped = keras.layers.Dropout(0.999999, seed=1)(model.encoder(image))
    model.encoder = model.used_encoder = keras.Model(image, dropped)
    blank = cross_entropy(model.decoder(np.zeros((8, tiny.latent_dim))), BRIGHTNESS)
    held_out = float(model.test_step({"image": IMAGES})["loss"])
    assert float(model.train_step({"image": IMAGES})["loss"]) == pytest.approx(blank, rel=1e-6)
    assert held_out != pytest.approx(blank, rel=1e-6)


def test_the_prior_is_the_gaussian_of_the_latents(tiny: Recipe):
    model = aigc_tf.create(tiny)
    random = np.random.default_rng(1)
    root = random.normal(size=(4, 4))
    latents = (np.array([1.0, -2.0, 0.0, 3.0]) + random.normal(size=(500, 4)) @ root.T).astype("float32")
    model.update_prior(tf.constant(latents), keep=tf.constant(0.0))
    draws = model.latents(20_000, seed=0)
    np.testing.assert_allclose(draws.mean(0), latents.mean(0), atol=0.1)
    expected = np.cov(latents.T, bias=True)
    np.testing.assert_allclose(np.cov(draws.T), expected, atol=0.05 * np.abs(expected).max())
    np.testing.assert_array_equal(draws, model.latents(20_000, seed=0))


def test_moments_are_a_moving_average(tiny: Recipe):
    model = aigc_tf.create(tiny)
    ones = tf.ones((5, 4))
    model.update_prior(ones, keep=tf.constant(0.0))
    model.update_prior(3 * ones, keep=tf.constant(0.75))
    np.testing.assert_allclose(model.first_moment.numpy(), 0.75 * 1 + 0.25 * 3)
    np.testing.assert_allclose(model.second_moment.numpy(), 0.75 * 1 + 0.25 * 9)


def test_long_latents_get_a_diagonal_gaussian():
    model = aigc_tf.create(dataclasses.replace(Recipe.tiny(), latent_dim=MAX_CORRELATED + 1))
    assert model.second_moment.shape == (MAX_CORRELATED + 1,)
    latents = np.random.default_rng(0).normal(2.0, 3.0, (400, MAX_CORRELATED + 1)).astype("float32")
    model.update_prior(tf.constant(latents), keep=tf.constant(0.0))
    draws = model.latents(4000, seed=0)
    np.testing.assert_allclose(draws.std(0), latents.std(0), rtol=0.1)


def test_averages_of_both_networks_are_used(tiny: Recipe):
    model = aigc_tf.create(dataclasses.replace(tiny, average_images=1000))
    network = model.decoder
    expected = [v.numpy().astype("float64") for v in network.variables]
    for step in range(1, 6):
        model.train_step({"image": IMAGES})
        keep = np.exp(-8 / (AVERAGE_SHARE_OF_IMAGES_SEEN * 8 * step))
        expected = [keep * e + (1 - keep) * v.numpy() for e, v in zip(expected, network.variables, strict=True)]
    for found, wanted in zip(model.used_decoder.variables, expected, strict=True):
        np.testing.assert_allclose(found.numpy(), wanted, atol=1e-6)
    latents = model.latents(3, 0)
    averaged = tf.sigmoid(model.used_decoder(latents)).numpy()
    np.testing.assert_allclose(model.decode(latents), averaged, atol=1e-6)
    assert np.abs(averaged - tf.sigmoid(network(latents)).numpy()).max() > 1e-6


def test_held_out_losses_change_nothing(tiny: Recipe):
    model = aigc_tf.create(DenoisingAutoencoder.tiny())
    before = values(model)
    data = tf.data.Dataset.from_tensors({"image": IMAGES})
    first = model.evaluate(data, verbose=0, return_dict=True)
    assert first == model.evaluate(data, verbose=0, return_dict=True)
    after = values(model)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_its_uses_agree_with_each_other(tiny: Recipe):
    model = aigc_tf.create(tiny)
    bytes_ = np.round(BRIGHTNESS * 255).astype(np.uint8)
    np.testing.assert_allclose(model.encode(bytes_), model.encode(bytes_ / np.float32(255)), atol=1e-6)
    reconstructed = model.reconstruct(BRIGHTNESS)
    np.testing.assert_array_equal(reconstructed, model.decode(model.encode(BRIGHTNESS)))
    assert reconstructed.shape == BRIGHTNESS.shape and 0 <= reconstructed.min() <= reconstructed.max() <= 1
    # The mean image gives each pixel's probability: the score is the divergence of pixels from it.
    lit = BRIGHTNESS * np.log(BRIGHTNESS / reconstructed)
    dark = (1 - BRIGHTNESS) * np.log((1 - BRIGHTNESS) / (1 - reconstructed))
    np.testing.assert_allclose(model.score(BRIGHTNESS), (lit + dark).sum((1, 2, 3)), rtol=1e-4)


def test_signatures_do_what_the_methods_do(tiny: Recipe):
    model = aigc_tf.create(tiny)
    found = {name: signature.network for name, signature in model.signatures().items()}
    np.testing.assert_allclose(found["encode"](BRIGHTNESS), model.encode(BRIGHTNESS), atol=1e-5)
    np.testing.assert_allclose(found["reconstruct"](BRIGHTNESS), model.reconstruct(BRIGHTNESS), atol=1e-5)
    np.testing.assert_allclose(found["score"](BRIGHTNESS), model.score(BRIGHTNESS), rtol=1e-5)
    latents = model.latents(3, 0)
    np.testing.assert_allclose(found["decode"](latents), model.decode(latents), atol=1e-5)


def test_examples_are_training_images_corrupted_for_a_denoiser():
    recipe = DenoisingAutoencoder.tiny()
    source = open_source(recipe)
    model = aigc_tf.create(recipe)
    examples = model.example_images(source, 50, seed=0)
    noiseless = aigc_tf.create(Recipe.tiny()).example_images(source, 50, seed=0)
    train = {image.tobytes() for image in source.train.images}
    assert all(np.round(image * 255).astype(np.uint8).tobytes() in train for image in noiseless)
    assert 0.03 < (examples - noiseless).std() < recipe.corruption.gaussian


def test_a_denoiser_is_shown_with_its_input():
    model = aigc_tf.create(DenoisingAutoencoder.tiny())
    clean, noisy, result = model.side_by_side(BRIGHTNESS).swapaxes(0, 1)
    np.testing.assert_array_equal(clean, BRIGHTNESS)
    assert np.abs(noisy - clean).max() > 0.1
    np.testing.assert_allclose(result, model.reconstruct(noisy), atol=1e-6)
    assert aigc_tf.create(Recipe.tiny()).side_by_side(BRIGHTNESS).shape == (8, 2, 16, 16, 1)
