"""Membership inference attacks: can training examples be told from others?"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.families.judges import JudgesByDiscriminator
from aigc_tf.families.tasks import Draws, Scores
from aigc_tf.metrics.distances import nearest
from aigc_tf.metrics.images.anomaly import auroc
from aigc_tf.modalities.pictures import as_brightness

NEAREST, LOSS, DISCRIMINATOR = "nearest sample", "loss", "discriminator"


class Membership(NamedTuple):
    """How well each attack separates training examples from test examples."""

    auc: dict[str, float]
    """AUC of each attack: the probability that it ranks a training example above a test example; 0.5 is chance."""
    error: float
    """The standard deviation of the AUC if there is nothing to find (Mann & Whitney 1947)."""
    members: int
    others: int
    samples: int
    """Number of samples generated for the nearest-sample attack; 0 if it does not apply."""


def membership(model: Any, source: Any, count: int, samples: int, seed: int = 0) -> Membership:
    """Run the membership inference attacks that the model allows.

    - nearest sample: a small distance to the nearest of many generated samples (Chen et al. 2020, "GAN-Leaks", §4.2);
    - loss: a small score, which has to be a loss (Yeom et al. 2018, adversary 2);
    - discriminator: a high output, the white-box attack of Hayes et al. 2019 (LOGAN, §4).

    Args:
        model: generates, scores, or has a discriminator.
        source: the training and test examples.
        count: number of examples of each part, at most.
        samples: number of samples to generate.
        seed: of the samples.

    Raises:
        InputError: the model allows none of them, or a part has no examples.
    """
    parts = [source.inputs(part, count) for part in ("train", "test")]
    if not all(map(len, parts)):
        raise InputError(f"{source.name} has no {'test' if len(parts[0]) else 'training'} examples: both are needed")
    found, drawn = {}, 0
    if isinstance(model, Draws) and isinstance(parts[0], np.ndarray) and parts[0].ndim == 4:
        made = np.concatenate([model.gives.numbers(batch) for batch in model.generate_batches(samples, seed)])
        distances = [nearest(as_brightness(part), as_brightness(made), 1).distances[:, 0] for part in parts]
        found[NEAREST], drawn = auroc(*distances), len(made)
    if isinstance(model, Scores):
        found[LOSS] = auroc(*(model.score(part) for part in parts))
    if isinstance(model, JudgesByDiscriminator) and len(model.discriminator.inputs) == 1 and parts[0].ndim == 4:
        found[DISCRIMINATOR] = auroc(*(-model.realness(part) for part in parts))
    if not found:
        raise InputError(
            f"a {model.recipe.slug()} generates no pictures and scores nothing: no membership attack applies"
        )
    first, second = map(len, parts)
    return Membership(found, math.sqrt((first + second + 1) / (12 * first * second)), first, second, drawn)
