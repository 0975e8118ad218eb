"""Detection of a discriminator that has won, whose gradients are then useless to the generator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aigc_tf.recipes.gans import GuardSettings


def pinned(logs: Mapping[str, Any], watched: dict[str, float], guard: GuardSettings) -> list[str]:
    """Count consecutive steps in which the discriminator is right about both real and generated images.

    Args:
        logs: of a step, with the metrics of `GAN.answers`: probabilities, or shares of outputs on the right side.
        watched: holds the count as "pinned".
        guard: thresholds of confidence and number of steps.

    Returns:
        A warning once the number of steps is reached, which resets the count; otherwise nothing.
    """
    if "real_probability" in logs:
        least = min(float(logs["real_probability"]), 1 - float(logs["fake_probability"]))
    elif "real_accuracy" in logs:
        least = min(float(logs["real_accuracy"]), float(logs["fake_accuracy"]))
    else:  # scores of the Wasserstein loss have no right side
        return []
    watched["pinned"] = watched.get("pinned", 0) + 1 if least > guard.pinned_probability else 0
    if watched["pinned"] < guard.pinned_steps:
        return []
    watched["pinned"] = 0
    return [
        f"the discriminator has been right with probability over {guard.pinned_probability:g} for "
        f"{guard.pinned_steps} steps"
    ]
