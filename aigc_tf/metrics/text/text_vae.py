"""How good a variational autoencoder of lines is: its bounds, and how much its latent says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.text.order import padded
from aigc_tf.data.text.source import TextSource
from aigc_tf.families.text.text_vae import TextVAE
from aigc_tf.metrics.likelihood import lower_bounds
from aigc_tf.metrics.text.copied_text import SPAN, copies
from aigc_tf.metrics.text.likelihood import MOST_SAMPLES, ROWS
from aigc_tf.recipes.text_vae import TextVAE as TextVAERecipe

GROUPS = 5  # of lines of about the same length, so that little time goes into what is behind their ends
BOUNDED = 500  # lines, evenly spread over the test split
# Numbers that a decoded symbol counts as, so that chunks fit in memory: each has a logit for every symbol.
_NUMBERS_PER_LOGIT = 1 / 16


def held_out_loss(model: TextVAE, source: TextSource, recipe: TextVAERecipe, samples: int) -> float:
    """The negative evidence lower bound of held-out lines in nats a line; lower is better.

    Args:
        model: the autoencoder.
        source: its test split is used.
        recipe: the model's; not needed.
        samples: lines, evenly spread over the split, or all if there are fewer.
    """
    del recipe
    chosen = _chosen(source, samples)
    model.make_test_function()  # compiled at the first call, and kept by the model
    total = 0.0
    for at in range(0, len(chosen), ROWS):
        tokens = padded(source.test, chosen[at : at + ROWS])
        batch = tf.data.Dataset.from_tensors((tokens, False))
        total += len(tokens) * float(model.test_function(iter(batch))["loss"])
    return total / len(chosen)


def evaluate(
    model: TextVAE,
    source: TextSource,
    recipe: TextVAERecipe,
    samples: int = 10_000,
    seed: int = 0,
    importance_samples: int = 100,
) -> dict[str, Any]:
    """Measure a variational autoencoder of lines on the test split of its source.

    Args:
        model: the autoencoder.
        source: of both splits.
        recipe: the model's.
        samples: held-out lines for the bound, at most 100 generated ones; the importance-weighted bound and the
            mutual information take the first 500 of them, evenly spread.
        seed: of samples and noise.
        importance_samples: of the latent, for each of those 500 lines; more make the bound tighter.

    Returns:
        Floats, and under "protocol" what they were measured with:

        - negative_bound, in nats a line, and kl_divergence, a part of it; lower is better;
        - importance_weighted_perplexity: of a symbol, by the tighter bound of Burda et al. 2016;
        - mutual_information: of line and latent under the posterior, in nats (Dieng et al. 2019, eq. 8), what is left
          of the KL divergence without the distance of all posteriors together from the prior;
        - active_units: latent dimensions whose mean varies over lines by more than 0.01 (Burda et al. 2016, §5.2);
        - copied_share and longest_copy: see `aigc_tf.metrics.text.likelihood.evaluate`.
    """
    chosen = _chosen(source, min(samples, BOUNDED))
    tokens = padded(source.test, chosen)
    mean, log_variance = model.posterior(tokens)
    divergence = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)
    bounds = importance_weighted_bounds(model, tokens, importance_samples, seed)
    symbols = int((tokens[:, 1:] >= 0).sum())
    texts = model.generate(min(samples, MOST_SAMPLES), seed, tokens=recipe.text.length)
    share, longest = copies(texts, "\n".join(map(source.vocabulary.decode, _documents(source))))
    return {
        "negative_bound": held_out_loss(model, source, recipe, samples),
        "kl_divergence": float(divergence.sum(axis=1).mean()),
        "importance_weighted_perplexity": math.exp(-float(bounds.sum()) / symbols),
        "mutual_information": mutual_information(mean, log_variance, seed),
        "active_units": float((mean.var(axis=0) > 0.01).sum()),
        "copied_share": share,
        "longest_copy": float(longest),
        "protocol": {
            "samples": samples,
            "bounded lines": len(chosen),
            "importance samples": importance_samples,
            "test split": source.test_split,
            "symbols of the bounded lines": symbols,
            "unit": source.vocabulary.unit,
            "generated": f"{len(texts)} lines, temperature 1, seed {seed}",
            "span of copied_share": f"{SPAN} characters",
        },
    }


def importance_weighted_bounds(model: TextVAE, tokens: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """The bound of each line in nats, `[lines]`, the shortest line first; see `lower_bounds`.

    Args:
        model: the autoencoder.
        tokens: lines with their boundaries, int32 `[lines, time]`, -1 behind their end.
        samples: of the latent, for each line.
        seed: of the samples.
    """
    lengths = (tokens >= 0).sum(axis=1)
    groups = np.array_split(np.argsort(lengths, kind="stable"), min(GROUPS, len(tokens)))
    bounds = []
    for number, group in enumerate(groups):
        lines = tokens[group, : lengths[group].max()]
        numbers = int(lines.shape[1] * len(model.vocabulary) * _NUMBERS_PER_LOGIT) + 1
        bounds.append(lower_bounds(model, lines, samples, seed + number, numbers).importance_weighted)
    return np.concatenate(bounds)


def mutual_information(mean: np.ndarray, log_variance: np.ndarray, seed: int) -> float:
    """I(x; z) = E log q(z | x) - E log q(z), with q(z) the mixture of the given posteriors, in nats.

    One draw of each posterior estimates it. It cannot be more than the logarithm of their number.

    Args:
        mean: `[lines, latent_dim]`.
        log_variance: `[lines, latent_dim]`.
        seed: of the draws.
    """
    noise = np.random.default_rng(seed).standard_normal(mean.shape)
    latents = mean + np.exp(0.5 * log_variance) * noise
    log_densities = np.stack([_log_density(latent, mean, log_variance) for latent in latents])  # [draws, posteriors]
    own = np.diagonal(log_densities)
    return float(np.mean(own - np.logaddexp.reduce(log_densities, axis=1) + math.log(len(mean))))


def _log_density(latent: np.ndarray, mean: np.ndarray, log_variance: np.ndarray) -> np.ndarray:
    """Of one latent `[latent_dim]` under normal distributions `[lines, latent_dim]`, without the common constant."""
    return -0.5 * (((latent - mean) ** 2) / np.exp(log_variance) + log_variance).sum(axis=1)


def _chosen(source: TextSource, samples: int) -> np.ndarray:
    count = source.test.documents
    return np.unique(np.linspace(0, count - 1, min(samples, count)).astype(np.int64))


def _documents(source: TextSource) -> list[np.ndarray]:
    return [source.train.document(index) for index in range(source.train.documents)]
