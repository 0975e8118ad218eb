"""From what a network predicts to pictures: the velocity that a prediction means, followed by a sampler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aigc_tf.families.flow.paths import NEAREST, velocity_of_image
from aigc_tf.families.flow.samplers import SAMPLERS, Velocity, schedule, steps_of
from aigc_tf.recipes.flows import FlowSolving

Ask = Callable[[Any, float, Any], Any]
"""Noisy images, their time, and conditions (None stands for any) -> what the network predicts, all arrays or all
tensors."""


def velocities(ask: Ask, told: Any, prediction: str) -> Velocity:
    """The velocity that a network's answers mean.

    Args:
        ask: for what the network predicts.
        told: the conditions.
        prediction: what that is, `image` or `velocity`.
    """

    def velocity(noisy: Any, time: float) -> Any:
        predicted = ask(noisy, time, told)
        return predicted if prediction == "velocity" else velocity_of_image(predicted, noisy, max(1 - time, NEAREST))

    return velocity


def following(velocity: Velocity, noise: Any, options: FlowSolving) -> Iterator[Any]:
    """The states on the way from noise to pictures, one after each step."""
    times = schedule(steps_of(options.sampler, options.evaluations), options.time_shift)
    return SAMPLERS[options.sampler](velocity, noise, times)
