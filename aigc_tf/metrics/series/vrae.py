"""How good a variational autoencoder of sequences is: its bound, and how much its latent says."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.series.source import SeriesSource
from aigc_tf.families.series.vrae import RecurrentVAE
from aigc_tf.metrics.series.forecasts import root_mean_square
from aigc_tf.nn.variational import ACTIVE_VARIANCE
from aigc_tf.recipes.vrae import VRAE

ROWS = 500  # sequences that are measured at once


def held_out_loss(model: RecurrentVAE, source: SeriesSource, recipe: VRAE, samples: int) -> float:
    """The negative evidence lower bound of held-out sequences in nats a sequence; lower is better.

    It is that of standardised values, as densities.

    Args:
        model: the autoencoder.
        source: its test part is used.
        recipe: the model's; not needed.
        samples: sequences, evenly spread over the test part, or all if there are fewer.
    """
    del recipe
    windows = source.test_windows(samples)
    model.make_test_function()  # compiled at the first call, and kept by the model
    total = 0.0
    for at in range(0, len(windows), ROWS):
        part = windows[at : at + ROWS]
        total += len(part) * float(model.test_function(iter(tf.data.Dataset.from_tensors(part)))["loss"])
    return total / len(windows)


def evaluate(
    model: RecurrentVAE, source: SeriesSource, recipe: VRAE, samples: int = 10_000, seed: int = 0
) -> dict[str, Any]:
    """Measure a variational autoencoder of sequences on the test part of its source.

    Args:
        model: the autoencoder.
        source: its test part is used.
        recipe: the model's.
        samples: held-out sequences, evenly spread, or all if there are fewer; they overlap.
        seed: nothing is drawn but the bound's noise, which is always the same.

    Returns:
        Floats, and under "protocol" what they were measured with:

        - negative_bound, in nats a sequence, and kl_divergence, a part of it; lower is better;
        - nats_per_value: the bound for one value; an autoregressive model has seen more than the window;
        - reconstruction_rmse: of sequences decoded from their posterior means, in deviations of each series;
        - active_units: latent dimensions whose mean varies over sequences by more than 0.01 (Burda et al. 2016, §5.2).
    """
    del seed
    windows = source.test_windows(samples)
    sequences = source.scaling.restore(windows)
    mean, log_variance = model.posterior(sequences)
    divergence = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)
    bound = held_out_loss(model, source, recipe, samples)
    return {
        "negative_bound": bound,
        "nats_per_value": bound / windows[0].size,
        "kl_divergence": float(divergence.sum(axis=1).mean()),
        "reconstruction_rmse": root_mean_square(source.scaling.standardise(model.decode(mean)) - windows),
        "active_units": float((mean.var(axis=0) > ACTIVE_VARIANCE).sum()),
        "protocol": {
            "samples": samples,
            "held-out sequences": len(windows),
            "length": recipe.series.length,
            "test split": source.test_split,
            "series": ", ".join(source.scaling.names),
            "units": "deviations of each series from its mean, both of the training part",
        },
    }
