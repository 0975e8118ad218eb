"""Evaluation of variational autoencoders of lines: likelihood bounds, and use of the latent."""

from __future__ import annotations

import math

import numpy as np

from aigc_tf.data.source import evenly
from aigc_tf.data.text.order import padded
from aigc_tf.data.text.source import TextSource
from aigc_tf.families.text.text_vae import TextVAE
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.held_out import held_out_loss
from aigc_tf.metrics.likelihood import lower_bounds
from aigc_tf.metrics.text import ngram
from aigc_tf.nn.variational import active_units, gaussian_kl
from aigc_tf.recipes.text_vae import TextVAE as TextVAERecipe

GROUPS = 5  # of lines of similar length, to waste little time on padding
BOUNDED = 500  # evenly spaced lines of the part
IMPORTANCE_SAMPLES = 100
ORDER = 3  # of the baseline n-gram
# Numbers counted per decoded symbol, so that chunks fit in memory: each has a logit for every symbol.
_NUMBERS_PER_LOGIT = 1 / 16


class LineBounds(Evaluator):
    """Bounds on the likelihood of held-out lines, compared with a trigram on the same lines, and use of the latent.

    Figures:

    - negative_bound, in nats per line, lower is better, and kl_divergence, its KL term;
    - importance_weighted_perplexity: per symbol, by the tighter bound of Burda et al. 2016, eq. 8, lower is better;
    - mutual_information: of line and latent under the posterior, in nats (Dieng et al. 2019, eq. 8), the KL divergence
      minus that of the aggregated posterior from the prior;
    - active_units: latent dimensions whose mean varies over lines by more than 0.01 (Burda et al. 2016, §5.2).
    """

    def measure(self, model: TextVAE, source: TextSource, recipe: TextVAERecipe, request: Request) -> Measurement:
        """Bounds for at most `request.samples` evenly spaced lines of the part; see `Evaluator.measure`.

        The importance-weighted bound, with 100 samples per line, and all figures on latents use at most 500 lines.
        """
        split = source.part(request.part)
        tokens = padded(split, evenly(split.documents, min(request.samples, BOUNDED)))
        mean, log_variance = model.posterior(tokens)
        bounds = importance_weighted_bounds(model, tokens, IMPORTANCE_SAMPLES, request.seed)
        symbols = int((tokens[:, 1:] >= 0).sum())
        trigram, name = ngram.fitted(source, ORDER), "trigram"
        by_line = _nats_per_line(trigram, source, request)
        by_symbol = math.exp(float(ngram.nats_of(trigram, [tokens]).mean()))
        bound = held_out_loss(model, source, request.samples, request.part)
        perplexity = math.exp(-float(bounds.sum()) / symbols)
        figures = {
            "negative_bound": Figure(bound, "lower", {name: by_line}),
            "kl_divergence": Figure(float(np.sum(gaussian_kl(mean, log_variance), axis=1).mean()), "neither"),
            "importance_weighted_perplexity": Figure(perplexity, "lower", {name: by_symbol}),
            "mutual_information": Figure(mutual_information(mean, log_variance, request.seed), "neither"),
            "active_units": Figure(float(active_units(mean)), "neither"),
        }
        protocol = {
            "bounded lines": len(tokens),
            "importance samples": IMPORTANCE_SAMPLES,
            f"{request.part} split": source.split_in_words(request.part),
            "tokens of the bounded lines": symbols,
            "unit": source.vocabulary.unit,
            "trigram": ngram.in_words(source, ORDER),
        }
        return Measurement(figures, protocol)


def _nats_per_line(trigram: ngram.NGram, source: TextSource, request: Request) -> float:
    """Nats per line of the trigram, on the lines of the bound."""
    batches = [batch["tokens"] for batch in source.held_out(request.part, request.samples)]
    return float(ngram.nats_of(trigram, batches).sum()) / sum(map(len, batches))


def importance_weighted_bounds(model: TextVAE, tokens: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """The bound of each line in nats, `[lines]`, the shortest line first; see `lower_bounds`.

    Args:
        model: the autoencoder.
        tokens: lines with their boundaries, int32 `[lines, time]`, -1 after their end.
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
    """Mutual information E log q(z | x) - E log q(z), with q(z) the mixture of the given posteriors, in nats.

    Estimated with one sample from each posterior. It is at most the logarithm of their number.

    Args:
        mean: `[lines, latent_dim]`.
        log_variance: `[lines, latent_dim]`.
        seed: of the samples.
    """
    noise = np.random.default_rng(seed).standard_normal(mean.shape)
    latents = mean + np.exp(0.5 * log_variance) * noise
    log_densities = np.stack([_log_density(latent, mean, log_variance) for latent in latents])  # [draws, posteriors]
    own = np.diagonal(log_densities)
    return float(np.mean(own - np.logaddexp.reduce(log_densities, axis=1) + math.log(len(mean))))


def _log_density(latent: np.ndarray, mean: np.ndarray, log_variance: np.ndarray) -> np.ndarray:
    """Log density of a latent `[latent_dim]` under normal distributions `[lines, latent_dim]`, up to a constant."""
    return -0.5 * (((latent - mean) ** 2) / np.exp(log_variance) + log_variance).sum(axis=1)
