"""Sampling from flows: the velocity field from a network's predictions, and its integration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aigc_tf.families.flow.paths import NEAREST, velocity_of_image
from aigc_tf.families.flow.samplers import SAMPLERS, Velocity, schedule, steps_of
from aigc_tf.recipes.flows import FlowSolving

Ask = Callable[[Any, float, Any], Any]
"""Noisy images, their time, and conditions (None for unconditional) -> the network's predictions, all arrays or all
tensors."""


def velocities(ask: Ask, told: Any, prediction: str) -> Velocity:
    """The velocity field from a network's predictions.

    Args:
        ask: evaluates the network.
        told: the conditions.
        prediction: what the network predicts, `image` or `velocity`.
    """

    def velocity(noisy: Any, time: float) -> Any:
        predicted = ask(noisy, time, told)
        return predicted if prediction == "velocity" else velocity_of_image(predicted, noisy, max(1 - time, NEAREST))

    return velocity


def following(velocity: Velocity, noise: Any, options: FlowSolving) -> Iterator[Any]:
    """Integrate the velocity field from noise to pictures, yielding the state after each step."""
    times = schedule(steps_of(options.sampler, options.evaluations), options.time_shift)
    return SAMPLERS[options.sampler](velocity, noise, times)
