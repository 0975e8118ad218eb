"""The AUROC against scikit-learn and by hand; scores by likelihood; the baselines."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

import aigc_tf
from aigc_tf.metrics.images.anomaly import auroc, isolation_forest_scores, likelihood_scores, pca_scores
from aigc_tf.metrics.likelihood import lower_bounds
from aigc_tf.recipes.autoencoder import Autoencoder
from aigc_tf.recipes.autoencoders import LikelihoodSettings
from aigc_tf.recipes.vae import VAE

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (6, 16, 16, 1)).astype(np.uint8)

# Few distinct values: many ties.
scores = st.lists(st.integers(-3, 3), min_size=1, max_size=30)


@given(scores, scores)
def test_auroc_is_scikit_learns(normal: list[int], anomalous: list[int]):
    labels = [0] * len(normal) + [1] * len(anomalous)
    assert auroc(np.array(normal), np.array(anomalous)) == pytest.approx(roc_auc_score(labels, normal + anomalous))


def test_auroc_by_hand():
    assert auroc(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1
    assert auroc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 0
    assert auroc(np.array([1.0, 1.0]), np.array([1.0])) == 0.5
    assert auroc(np.array([0.0, 2.0]), np.array([1.0, 2.0])) == 0.625  # the four pairs score 1, 0, 1 and 1/2


def test_auroc_refuses_what_has_no_order():
    with pytest.raises(ValueError, match="0 normal and 1 anomalous"):
        auroc(np.array([]), np.array([1.0]))
    with pytest.raises(ValueError, match="1 scores are not numbers"):
        auroc(np.array([1.0, 2.0]), np.array([np.nan, 3.0]))


def test_a_perfect_reconstruction_scores_zero_however_grey_it_is():
    """The score is the Kullback-Leibler divergence of pixels; a grey image has a low likelihood in any case."""
    model = aigc_tf.create(Autoencoder.tiny())
    reconstruction = model.reconstruct(IMAGES)
    found = likelihood_scores(model, IMAGES)
    brightness = IMAGES / 255
    with np.errstate(divide="ignore", invalid="ignore"):
        lit = np.where(brightness > 0, brightness * np.log(brightness / reconstruction), 0)
        dark = np.where(brightness < 1, (1 - brightness) * np.log((1 - brightness) / (1 - reconstruction)), 0)
    np.testing.assert_allclose(found, (lit + dark).sum(axis=(1, 2, 3)), rtol=1e-4)  # its KL divergence
    fixed_point = model.decode(np.zeros((1, model.latent_dim), np.float32))
    for weight in model.used_encoder.weights:
        weight.assign(0 * weight)  # every image is encoded as zero, and decoded to the same image
    assert likelihood_scores(model, fixed_point) == pytest.approx([0], abs=1e-2)
    assert (
        -float(model.likelihood.log_probability(model.decoder(np.zeros((1, model.latent_dim))), fixed_point)[0]) > 100
    )


@pytest.mark.parametrize("kind", ["bernoulli", "gaussian"])
def test_a_vaes_score_is_its_bound(kind: str):
    recipe = dataclasses.replace(VAE.tiny(), likelihood=LikelihoodSettings(kind=kind))
    model = aigc_tf.create(recipe)
    brightness = (IMAGES / 255).astype(np.float32)
    bound = lower_bounds(model, brightness, 3).evidence_lower_bound
    floor = -model.likelihood.highest(brightness).numpy()
    np.testing.assert_allclose(likelihood_scores(model, IMAGES, samples=3), -bound - floor, rtol=1e-5)
    assert not np.allclose(likelihood_scores(model, IMAGES, samples=1), -bound - floor, rtol=1e-5)


def on_a_plane(count: int) -> np.ndarray:
    """Images that vary in two directions only."""
    directions = np.random.default_rng(1).uniform(0, 0.5, (2, 8, 8, 1))
    return np.tensordot(RANDOM.uniform(0, 1, (count, 2)), directions, axes=1).astype(np.float32)


def test_pca_scores_are_distances_to_the_plane_of_the_training_images():
    train, normal = on_a_plane(50), on_a_plane(5)
    np.testing.assert_allclose(pca_scores(train, normal), 0, atol=1e-6)
    offset = np.zeros((8, 8, 1), np.float32)
    offset[2, 3] = 0.5
    plane = (train - train.mean(axis=0)).reshape(len(train), -1)
    basis = np.linalg.svd(plane, full_matrices=False)[2][:2]
    outside = offset.ravel() - basis.T @ (basis @ offset.ravel())
    np.testing.assert_allclose(pca_scores(train, normal + offset), np.square(outside).sum(), rtol=1e-4)


def test_baselines_find_what_is_far_away():
    train = RANDOM.integers(0, 60, (200, 8, 8, 1)).astype(np.uint8)
    normal = RANDOM.integers(0, 60, (30, 8, 8, 1)).astype(np.uint8)
    anomalous = RANDOM.integers(40, 255, (20, 8, 8, 1)).astype(np.uint8)
    for baseline in (pca_scores, isolation_forest_scores):
        assert auroc(baseline(train, normal), baseline(train, anomalous)) == 1
        np.testing.assert_array_equal(baseline(train, normal), baseline(train, normal))
