"""The likelihood of pictures under a flow: the instantaneous change of variables (Chen et al. 2018, theorem 1)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from aigc_tf.families.flow.samplers import heun

LAST = 0.98
"""The final time of the ODE: beyond it the velocity is a tiny difference divided by a tiny number. The picture is the
state there divided by this time, which is invertible, so that it has a density, too."""
FIRST_LOGIT = -4.0

PredictedAndDivergence = Callable[[np.ndarray, float], tuple[np.ndarray, np.ndarray]]
"""States `[count, size]` and their time -> predicted images, `[count, size]`, and their divergence with respect to the
state, `[count]`."""


def log_density(predict: PredictedAndDivergence, images: np.ndarray, steps: int) -> np.ndarray:
    """Log density of images, in nats: float64 `[count]`.

    With dx/dt = v, d log p(x) / dt = - div v; of v = (x̂ - x) / (1 - t) that is (size - div x̂) / (1 - t). Integrated
    back to the noise, whose density is known.

    Args:
        predict: of the flow.
        images: `[count, size]`.
        steps: of Heun's method, at times evenly spaced in their logits.
    """
    size = images.shape[1]

    def velocity(state: np.ndarray, time: float) -> np.ndarray:
        predicted, divergence = predict(state[:, :-1], time)
        change = np.concatenate([predicted - state[:, :-1], (divergence - size)[:, None]], axis=1)
        return change / (1.0 - time)

    start = np.concatenate([LAST * images, np.zeros((len(images), 1))], axis=1)
    logits = np.linspace(math.log(LAST / (1.0 - LAST)), FIRST_LOGIT, steps)
    *_, end = heun(velocity, start, [*(1.0 / (1.0 + np.exp(-logits))), 0.0])
    noise, log_volume = end[:, :-1], end[:, -1]
    log_normal = -0.5 * (noise**2).sum(axis=1) - 0.5 * size * math.log(2 * math.pi)
    return log_normal + log_volume + size * math.log(LAST)


def bits_per_dimension(log_densities: np.ndarray, size: int) -> np.ndarray:
    """Bits per dimension, from log densities in nats with brightness in [-1, 1].

    A density is converted to the probability of a grey level by their spacing, 2/255, as for
    `aigc_tf.metrics.likelihood.bits_per_dimension`.
    """
    return -log_densities / (size * math.log(2)) + math.log2(255 / 2)
