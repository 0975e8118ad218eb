"""How well scores tell anomalous images from normal ones; scores by likelihood, and two that need no network."""

from __future__ import annotations

import numpy as np

from aigc_tf.metrics.likelihood import lower_bounds
from aigc_tf.models.autoencoder import Autoencoder, as_brightness
from aigc_tf.models.vae import VAE

POSTERIOR_SAMPLES = 16
PCA_VARIANCE = 0.95  # share of the training images' variance that the components explain
TREES = 100


def auroc(normal_scores: np.ndarray, anomalous_scores: np.ndarray) -> float:
    """The area under the receiver operating characteristic: how often an anomalous image has the higher score.

    The Mann-Whitney statistic over the number of pairs (Hanley & McNeil 1982); equal scores count half.

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
    """How many nats an autoencoder's likelihood falls short of the highest that its kind can give to each image.

    A Bernoulli likelihood gives a grey pixel of brightness b at most exp(-H(b)), H its entropy, however well it is
    reconstructed: without the difference, images rank by how grey they are. Of the other likelihoods the highest
    value is the same for all images. The result is half the deviance of generalised linear models (McCullagh &
    Nelder 1989, §2.3); for a VAE the KL divergence of the posterior from the prior is added: the negative evidence
    lower bound less what no model can avoid.

    Args:
        model: a trained autoencoder.
        images: `[count, height, width, channels]`, uint8 or in [0, 1].
        samples: from a VAE's posterior for each image, over which the bound is averaged; always the same ones.

    Returns:
        `[count]`, higher is stranger; for likelihoods other than Bernoulli up to a constant.
    """
    brightness = as_brightness(images)
    if isinstance(model, VAE):
        scores = -lower_bounds(model, brightness, samples).evidence_lower_bound
    else:
        scores = model.score(brightness)
    if model.recipe.likelihood.kind == "bernoulli":
        scores = scores - pixel_entropy(brightness)
    return scores


def pixel_entropy(images: np.ndarray) -> np.ndarray:
    """The entropy of pixels that are lit with their brightness as probability, in nats: `[count]`.

    Args:
        images: `[count, height, width, channels]` in [0, 1].
    """
    lit, dark = (values * np.log(np.maximum(values, np.finfo(values.dtype).tiny)) for values in (images, 1 - images))
    return -(lit + dark).sum(axis=(1, 2, 3))


def pca_scores(train: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Squared errors of reconstructions by the principal components that explain 95 % of the training variance.

    Args:
        train: normal images `[n, height, width, channels]`, uint8 or in [0, 1].
        images: what is scored, `[count, height, width, channels]`.

    Returns:
        `[count]`, higher is stranger.
    """
    from sklearn.decomposition import PCA

    pca = PCA(PCA_VARIANCE, svd_solver="full").fit(_rows(train))
    rows = _rows(images)
    return np.square(rows - pca.inverse_transform(pca.transform(rows))).sum(axis=1)


def isolation_forest_scores(train: np.ndarray, images: np.ndarray, seed: int = 0) -> np.ndarray:
    """Scores of an isolation forest of 100 trees over pixels (Liu et al. 2008, eq. 2), in (0, 1).

    Args:
        train: normal images `[n, height, width, channels]`, uint8 or in [0, 1].
        images: what is scored, `[count, height, width, channels]`.
        seed: of the trees.

    Returns:
        `[count]`, higher is stranger.
    """
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=TREES, random_state=seed).fit(_rows(train))
    return -forest.score_samples(_rows(images))


def _rows(images: np.ndarray) -> np.ndarray:
    return as_brightness(images).reshape(len(images), -1)
