"""Autoencoder metrics against the model's own methods."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pytest
from scipy.stats import bernoulli

import aigc_tf
from aigc_tf.data.images import source as image_source
from aigc_tf.data.images.source import ImageSource, to_unit
from aigc_tf.data.source import evenly
from aigc_tf.errors import InputError
from aigc_tf.metrics.frechet import frechet_distance, gaussian_statistics
from aigc_tf.metrics.held_out import HeldOutLoss, held_out_loss
from aigc_tf.metrics.images import autoencoders
from aigc_tf.metrics.images.autoencoders import CORRUPTED, Likelihood, Reconstruction
from aigc_tf.metrics.images.drawing import chunk_seed
from aigc_tf.metrics.images.features import feature_network
from aigc_tf.metrics.images.image_quality import psnr, ssim
from aigc_tf.metrics.kernel import kernel_distance
from aigc_tf.metrics.likelihood import STATIC_SEED, binarised, lower_bounds
from aigc_tf.metrics.pca import principal_components
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.recipes.autoencoder import Autoencoder
from aigc_tf.recipes.autoencoders import CorruptionSettings, LikelihoodSettings
from aigc_tf.recipes.denoising_autoencoder import DenoisingAutoencoder
from aigc_tf.recipes.vae import VAE
from tests.metrics.reports import report_of

RECONSTRUCTION = {
    "reconstruction_frechet_distance",
    "reconstruction_kernel_distance",
    "reconstruction_kernel_distance_error",
    "psnr_db",
    "ssim",
}
LIKELIHOOD = {
    "evidence_lower_bound",
    "importance_weighted_bound",
    "bits_per_dimension",
    "kl_divergence",
    "active_units",
}
OF_INPUTS = {"corrupted_psnr_db", "corrupted_ssim"}


def spread(source: ImageSource, count: int) -> np.ndarray:
    """Test images in [0, 1], evenly spaced."""
    return source.test.images[evenly(len(source.test.images), count)] / np.float32(255)


def names(report: dict) -> set[str]:
    """Names of the figures."""
    return set(report) - {"better", "baselines", "protocol", "pictures", "tables"}


def test_a_vae_is_measured_by_its_own_methods(stripes, small_networks):
    source, model = stripes(), aigc_tf.create(VAE.tiny())
    report = report_of(Reconstruction(), model, source, model.recipe, samples=30, seed=2)
    bounded = report_of(Likelihood(), model, source, model.recipe, samples=30, seed=2)
    assert names(report) == RECONSTRUCTION and names(bounded) == LIKELIHOOD
    for found in (report, bounded):
        assert found.pop("pictures") == {}
        assert json.loads(json.dumps(found)) == found
        assert all(type(found[name]) is float and np.isfinite(found[name]) for name in names(found))
    test = spread(source, 30)
    reconstructed = model.reconstruct(test)
    assert report["psnr_db"] == pytest.approx(psnr(reconstructed, test).mean())
    assert report["ssim"] == pytest.approx(ssim(reconstructed, test).mean())
    bounds = lower_bounds(model, test, samples=100, seed=2)
    assert bounded["evidence_lower_bound"] == pytest.approx(bounds.evidence_lower_bound.mean())
    assert bounded["importance_weighted_bound"] == pytest.approx(bounds.importance_weighted.mean())
    assert bounded["bits_per_dimension"] == pytest.approx(-bounds.importance_weighted.mean() / np.log(2) / 256)
    mean, log_variance = (part.astype("float64") for part in model.posterior(test))
    divergence = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1).sum(1)
    assert bounded["kl_divergence"] == pytest.approx(divergence.mean(), rel=1e-4)
    assert bounded["active_units"] == np.sum(mean.var(0) > 0.01)
    assert bounded["protocol"]["bound"] == "100 samples on 30 test images, evenly spread, uncorrupted"
    assert "no normalised probability" in bounded["protocol"]["likelihood"]
    assert report["protocol"]["samples"] == report["protocol"]["reconstructed_test_images"] == 30


def test_pca_of_the_same_size_stands_beside_reconstructions(stripes, small_networks):
    """Against scikit-learn."""
    from sklearn.decomposition import PCA

    source, model = stripes(), aigc_tf.create(Autoencoder.tiny())
    report = report_of(Reconstruction(), model, source, model.recipe)
    train, test = (part.images.reshape(-1, 256) / 255 for part in (source.train, source.test))
    theirs = PCA(model.latent_dim, svd_solver="full").fit(train)
    projected = np.clip(theirs.inverse_transform(theirs.transform(test)), 0, 1).reshape(-1, 16, 16, 1)
    name = f"PCA of {model.latent_dim} components"
    clean = test.reshape(projected.shape)
    assert report["baselines"]["psnr_db"] == {name: pytest.approx(psnr(projected, clean).mean(), rel=1e-4)}
    assert report["baselines"]["ssim"] == {name: pytest.approx(ssim(projected, clean).mean(), rel=1e-3)}
    assert report["better"]["psnr_db"] == report["better"]["ssim"] == "higher"
    network = feature_network(source, model.recipe.images)
    features, real = (network.extract(images).features for images in (to_bytes(projected), source.test.images))
    distance = frechet_distance(gaussian_statistics(features), gaussian_statistics(real))
    assert report["baselines"]["reconstruction_frechet_distance"] == {name: pytest.approx(distance, rel=1e-2)}
    kernel = kernel_distance(features, real).distance
    assert report["baselines"]["reconstruction_kernel_distance"] == {name: pytest.approx(kernel, rel=1e-2, abs=1e-4)}


def test_examples_are_of_all_of_a_part_that_is_sorted_by_class(stripes, small_networks):
    source = stripes()
    source.test.images[20:] = 0  # the second half is black
    model = aigc_tf.create(VAE.tiny())
    clean = source.test.images[evenly(40, 10)] / np.float32(255)
    assert not clean[5:].any()
    found = report_of(Reconstruction(), model, source, model.recipe, samples=10)
    assert found["psnr_db"] == pytest.approx(psnr(model.reconstruct(clean), clean).mean())
    bounded = report_of(Likelihood(), model, source, model.recipe, samples=10)
    assert bounded["evidence_lower_bound"] == pytest.approx(lower_bounds(model, clean, 100).evidence_lower_bound.mean())


def test_bernoulli_bounds_stand_beside_independent_pixels(stripes, small_networks):
    source, model = stripes(), aigc_tf.create(dataclasses.replace(VAE.tiny(), binarise=True))
    bounded = report_of(Likelihood(), model, source, model.recipe)
    train, test = (binarised(part.images / np.float32(255), STATIC_SEED) for part in (source.train, source.test))
    lit = (train.sum(axis=0) + 1) / (len(train) + 2)
    nats = bernoulli.logpmf(test, lit).sum(axis=(1, 2, 3)).mean()
    beside = bounded["baselines"]
    for name in ("evidence_lower_bound", "importance_weighted_bound"):
        assert beside[name] == {"independent pixels": pytest.approx(nats, rel=1e-5)}
    bits = -nats / np.log(2) / 256
    assert beside["bits_per_dimension"] == {"independent pixels": pytest.approx(bits, rel=1e-5)}


def test_other_bounds_stand_beside_a_gaussian(stripes, small_networks):
    source, count = stripes(), VAE.tiny().latent_dim
    name = f"Gaussian of {count} principal components and noise"
    rows = source.test.images.reshape(40, -1) / 255
    found = {}
    for kind in ("gaussian", "logistic_mixture"):
        recipe = dataclasses.replace(VAE.tiny(), likelihood=LikelihoodSettings(kind=kind, components=2))
        bounded = report_of(Likelihood(), aigc_tf.create(recipe), source, recipe)["baselines"]
        found[kind] = bounded["importance_weighted_bound"][name], bounded["bits_per_dimension"][name]
    nats = principal_components(lambda: [source.train.images.reshape(160, -1) / 255], count).log_density(rows).mean()
    assert found["gaussian"][0] == pytest.approx(nats, rel=1e-4)
    assert found["logistic_mixture"][0] == pytest.approx(nats - 256 * np.log(255), rel=1e-4)
    assert found["gaussian"][1] == pytest.approx(found["logistic_mixture"][1])


def test_another_part_is_looked_at_when_asked(stripes, small_networks):
    source = stripes().validated()
    model = aigc_tf.create(VAE.tiny())
    source.test.images[:] = 0
    found = report_of(Reconstruction(), model, source, model.recipe, part="validation")
    clean = source.validation.images / np.float32(255)
    assert found["psnr_db"] == pytest.approx(psnr(model.reconstruct(clean), clean).mean())
    assert found["protocol"]["reconstructed_validation_images"] == len(clean) == 8
    bounded = report_of(Likelihood(), model, source, model.recipe, part="validation")
    assert bounded["evidence_lower_bound"] == pytest.approx(lower_bounds(model, clean, 100).evidence_lower_bound.mean())


def test_perfect_reconstructions_are_as_near_as_real_images(stripes, small_networks, monkeypatch):
    source, model = stripes(), aigc_tf.create(Autoencoder.tiny())
    monkeypatch.setattr(type(model), "reconstruct", lambda self, images: images)
    report = report_of(Reconstruction(), model, source, model.recipe, samples=1000)
    assert report["protocol"]["reconstructed_test_images"] == 40
    assert report["reconstruction_frechet_distance"] == pytest.approx(0, abs=1e-6)
    assert report["psnr_db"] == pytest.approx(120) and report["ssim"] == pytest.approx(1)


def test_a_denoiser_is_given_corrupted_images(stripes, small_networks, monkeypatch):
    source = stripes(test=30)
    model = aigc_tf.create(DenoisingAutoencoder.tiny())
    monkeypatch.setattr(image_source, "CHUNK_IMAGES", 20)
    given = []
    monkeypatch.setattr(type(model), "reconstruct", lambda self, images: given.append(images) or images)
    report = report_of(Reconstruction(), model, source, model.recipe, samples=100, seed=4)
    assert names(report) == RECONSTRUCTION | OF_INPUTS
    for measure in ("psnr_db", "ssim"):
        assert report[f"corrupted_{measure}"] == report[measure] == report["baselines"][measure][CORRUPTED]
    clean = source.test.images / np.float32(255)
    for index, part in enumerate((clean[:20], clean[20:])):
        np.testing.assert_array_equal(given[index], model.corrupted(part, chunk_seed(4, index)))
    assert report["psnr_db"] == pytest.approx(psnr(np.concatenate(given), clean).mean())
    assert report["protocol"]["inputs"] == "grey values, corrupted as in training, seed 4"


def test_binarised_images_are_measured_as_one_draw(stripes, small_networks, monkeypatch):
    """For any chunk size."""
    monkeypatch.setattr(image_source, "CHUNK_IMAGES", 8)
    source = stripes()
    model = aigc_tf.create(dataclasses.replace(VAE.tiny(), binarise=True))
    report = report_of(Reconstruction(), model, source, model.recipe, samples=30)
    bounded = report_of(Likelihood(), model, source, model.recipe, samples=30)
    drawn = binarised(spread(source, 30), STATIC_SEED)
    bound = lower_bounds(model, drawn, samples=100).importance_weighted.mean()
    assert bounded["importance_weighted_bound"] == pytest.approx(bound)
    assert report["psnr_db"] == pytest.approx(psnr(model.reconstruct(drawn), drawn).mean())
    assert "static binarisation" in bounded["protocol"]["likelihood"]


def test_too_few_images_are_refused(stripes, small_networks):
    model = aigc_tf.create(VAE.tiny())
    with pytest.raises(InputError, match="3 test images of stripes: at least 4"):
        report_of(Reconstruction(), model, stripes(test=3), model.recipe)
    with pytest.raises(InputError, match="stripes has no test images"):
        report_of(Likelihood(), model, stripes(test=0), model.recipe)


def test_binarised_training_draws_anew_and_held_out_draws_once(stripes):
    recipe = dataclasses.replace(VAE.tiny(), binarise=True)
    model = aigc_tf.create(recipe)
    grey = np.full((64, 16, 16, 1), 0.3, "float32")
    first, second = (np.asarray(model.targets(grey, model.corruption_seed)) for _ in range(2))
    assert set(np.unique(first)) == {0.0, 1.0} and first.mean() == pytest.approx(0.3, abs=0.02)
    assert np.mean(first == second) == pytest.approx(0.3**2 + 0.7**2, abs=0.02)
    assert float(model.test_step({"image": 2 * grey - 1})["loss"]) == float(
        model.test_step({"image": 2 * grey - 1})["loss"]
    )
    np.testing.assert_array_equal(aigc_tf.create(VAE.tiny()).targets(grey, 1), grey)


def test_binarised_images_have_a_bernoulli_likelihood():
    with pytest.raises(ValueError, match=r"likelihood.kind is 'gaussian'.*choose bernoulli"):
        VAE(binarise=True, likelihood=LikelihoodSettings(kind="gaussian"))


@pytest.mark.parametrize(
    ("likelihood", "said"),
    [
        (LikelihoodSettings(kind="learnt_gaussian"), r"log2\(255\)"),
        (LikelihoodSettings(kind="logistic_mixture", components=2), "256 grey levels"),
    ],
)
def test_the_protocol_says_what_is_bounded(likelihood: LikelihoodSettings, said: str):
    recipe = dataclasses.replace(VAE.tiny(), likelihood=likelihood)
    assert re.search(said, autoencoders.likelihood_in_words(aigc_tf.create(recipe), recipe))


def test_held_out_loss_is_the_mean_over_images(stripes, monkeypatch):
    """Thirty images in uneven batches have equal weights."""
    source, model = stripes(test=35), aigc_tf.create(Autoencoder.tiny())
    expected = float(model.test_step({"image": to_unit(source.test.images[evenly(35, 30)])})["loss"])
    assert held_out_loss(model, source, 30, "test") == pytest.approx(expected, rel=1e-6)
    monkeypatch.setattr(image_source, "CHUNK_IMAGES", 25)
    assert held_out_loss(model, source, 30, "test") == pytest.approx(expected, rel=1e-6)
    everything = float(model.test_step({"image": to_unit(source.test.images)})["loss"])
    assert held_out_loss(model, source, 1000, "test") == pytest.approx(everything, rel=1e-6)


def test_choosing_looks_at_the_validation_part(stripes):
    source, model = stripes().validated(), aigc_tf.create(Autoencoder.tiny())
    source.test.images[:] = 0
    expected = float(model.test_step({"image": to_unit(source.validation.images)})["loss"])
    assert HeldOutLoss().value(model, source, model.recipe, 1000, "validation") == pytest.approx(expected, rel=1e-6)


def test_held_out_loss_is_the_same_each_time_and_changes_nothing(stripes):
    source = stripes()
    corruption = CorruptionSettings(gaussian=0.2, salt_and_pepper=0.1, masking=0.1)
    model = aigc_tf.create(dataclasses.replace(VAE.tiny(), corruption=corruption, binarise=True))
    before = {name: variable.numpy() for name, variable in model.state().items()}
    assert held_out_loss(model, source, 40, "test") == held_out_loss(model, source, 40, "test")
    assert all(np.array_equal(before[name], variable) for name, variable in model.state().items())
    model.train_step({"image": to_unit(source.train.images[:8])})
    after_training = held_out_loss(model, source, 40, "test")
    assert after_training == held_out_loss(model, source, 40, "test")
