"""ODE solvers of dx/dt = v(x, t) for sampling, each written like its source.

A state may be an array, or a symbolic tensor of a network for export; a velocity is a function of state and time, a
number. A sampler yields the state after each step. It follows the order of the times, also backwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

Velocity = Callable[[Any, float], Any]
Sampler = Callable[[Velocity, Any, Sequence[float]], Iterator[Any]]


def euler(velocity: Velocity, x: Any, times: Sequence[float]) -> Iterator[Any]:
    """Euler's method, x + h v(x, t) (Liu et al. 2023, §2.1); of order 1."""
    for time, after in pairwise(times):
        x = x + (after - time) * velocity(x, time)
        yield x


def heun(velocity: Velocity, x: Any, times: Sequence[float]) -> Iterator[Any]:
    """Heun's method, by the mean velocity at both ends of an Euler step (Karras et al. 2022, algorithm 1); of order 2.

    The last step is Euler's, as there: at the image itself there is nothing to predict. Two evaluations per step.
    """
    for time, after in pairwise(times):
        step, slope = after - time, velocity(x, time)
        ahead = x + step * slope
        if after != times[-1]:
            ahead = x + 0.5 * step * (slope + velocity(ahead, after))
        x = ahead
        yield x


def adams_bashforth(velocity: Velocity, x: Any, times: Sequence[float]) -> Iterator[Any]:
    """The two-step Adams-Bashforth method with variable steps (Hairer et al. 1993, §III.5); of order 2.

    x + h ((1 + r/2) v_n - r/2 v_{n-1}), r = h / h_{n-1}. One evaluation per step; the first step is Euler's.
    """
    earlier: Any = None
    length = 0.0
    for time, after in pairwise(times):
        step, slope = after - time, velocity(x, time)
        if earlier is None:
            x = x + step * slope
        else:
            half = 0.5 * step / length
            x = x + step * ((1.0 + half) * slope - half * earlier)
        earlier, length = slope, step
        yield x


SAMPLERS: Mapping[str, Sampler] = {"euler": euler, "heun": heun, "adams_bashforth": adams_bashforth}
"""Samplers by the option `sampler`."""


def steps_of(sampler: str, evaluations: int) -> int:
    """Number of steps of a sampler with a given number of network evaluations, or one fewer."""
    return (evaluations + 1) // 2 if sampler == "heun" else evaluations


def schedule(steps: int, shift: float = 1.0) -> list[float]:
    """Times from 0 to 1, one more than there are steps: evenly spaced, or shifted (Esser et al. 2024, eq. 23).

    Args:
        steps: between the times.
        shift: s of the equation, which maps the share of noise 1 - t to s (1 - t) / (1 + (s - 1) (1 - t)).
    """
    noise = np.linspace(1.0, 0.0, steps + 1)
    return [float(time) for time in 1.0 - shift * noise / (1.0 + (shift - 1.0) * noise)]
