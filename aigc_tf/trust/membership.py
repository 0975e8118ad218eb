"""Membership inference: can examples that a model has learnt from be told from others?"""

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
    """How well each attack tells training examples from those of the test part."""

    auc: dict[str, float]
    """The probability that a training example looks more like one than a test example does: 0.5 is a guess."""
    error: float
    """The standard deviation of such an area where there is nothing to tell (Mann & Whitney 1947)."""
    members: int
    others: int
    samples: int
    """That were drawn for the nearest one; 0 if none were."""


def membership(model: Any, source: Any, count: int, samples: int, seed: int = 0) -> Membership:
    """Attacks on who was learnt from, each where the model allows it.

    - nearest sample: a small distance to the nearest of many drawn examples (Chen et al. 2020, "GAN-Leaks", §4.2);
    - loss: a small score, which has to be a loss (Yeom et al. 2018, adversary 2);
    - discriminator: a large answer, the white-box attack of Hayes et al. 2019 (LOGAN, §4).

    Args:
        model: draws, scores, or has a discriminator.
        source: of the training and the test part.
        count: examples of each, at most.
        samples: that are drawn.
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
        raise InputError(f"a {model.recipe.slug()} draws no pictures and scores nothing: no attack on members applies")
    first, second = map(len, parts)
    return Membership(found, math.sqrt((first + second + 1) / (12 * first * second)), first, second, drawn)
