"""Anomaly detection in images: AUROC, likelihood scores, and two baselines without a network."""

from __future__ import annotations

import numpy as np
from keras import ops

from aigc_tf.families.autoencoder.model import Autoencoder
from aigc_tf.families.variational import Variational
from aigc_tf.metrics.likelihood import lower_bounds
from aigc_tf.modalities.pictures import as_brightness

POSTERIOR_SAMPLES = 16
PCA_VARIANCE = 0.95  # share of the training images' variance that the components explain
TREES = 100


def auroc(normal_scores: np.ndarray, anomalous_scores: np.ndarray) -> float:
    """Area under the ROC curve: the probability that an anomalous image scores higher than a normal one.

    The Mann-Whitney U statistic divided by the number of pairs (Hanley & McNeil 1982); ties count half.

    Args:
        normal_scores: `[n]`.
        anomalous_scores: `[m]`.

    Returns:
        From 0 to 1; 0.5 is chance.

    Raises:
        ValueError: a side is empty, or a score is not a number.
    """
    if not (len(normal_scores) and len(anomalous_scores)):
        raise ValueError(f"{len(normal_scores)} normal and {len(anomalous_scores)} anomalous scores: both are needed")
    wrong = int(np.isnan(normal_scores).sum() + np.isnan(anomalous_scores).sum())
    if wrong:
        raise ValueError(f"{wrong} scores are not numbers")
    ordered = np.sort(normal_scores)
    lower, not_higher = (np.searchsorted(ordered, anomalous_scores, side) for side in ("left", "right"))
    return float(np.mean((lower + not_higher) / 2) / len(ordered))


def likelihood_scores(model: Autoencoder, images: np.ndarray, samples: int = POSTERIOR_SAMPLES) -> np.ndarray:
    """Anomaly scores by an autoencoder, for a VAE averaged over posterior samples.

    Args:
        model: a trained autoencoder; its score is `Likelihood.shortfall`. For a VAE the KL divergence is added, which
            gives the negative ELBO minus its lowest possible value.
        images: `[count, height, width, channels]`, uint8 or in [0, 1].
        samples: from a VAE's posterior for each image, with fixed noise.

    Returns:
        `[count]`, higher is more anomalous.
    """
    if not isinstance(model, Variational):
        return model.score(images)
    brightness = as_brightness(images)
    highest = ops.convert_to_numpy(model.likelihood.highest(brightness))
    return highest - lower_bounds(model, brightness, samples).evidence_lower_bound


def pca_scores(train: np.ndarray, images: np.ndarray) -> np.ndarray:
    """PCA reconstruction errors, with the components that explain 95 % of the training variance.

    Args:
        train: normal images `[n, height, width, channels]`, uint8 or in [0, 1].
        images: to score, `[count, height, width, channels]`.

    Returns:
        `[count]`, higher is more anomalous.
    """
    from sklearn.decomposition import PCA

    pca = PCA(PCA_VARIANCE, svd_solver="full").fit(_rows(train))
    rows = _rows(images)
    return np.square(rows - pca.inverse_transform(pca.transform(rows))).sum(axis=1)


def isolation_forest_scores(train: np.ndarray, images: np.ndarray, seed: int = 0) -> np.ndarray:
    """Scores of an isolation forest of 100 trees over pixels (Liu et al. 2008, eq. 2), in (0, 1).

    Args:
        train: normal images `[n, height, width, channels]`, uint8 or in [0, 1].
        images: to score, `[count, height, width, channels]`.
        seed: of the trees.

    Returns:
        `[count]`, higher is more anomalous.
    """
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=TREES, random_state=seed).fit(_rows(train))
    return -forest.score_samples(_rows(images))


def _rows(images: np.ndarray) -> np.ndarray:
    return as_brightness(images).reshape(len(images), -1)
