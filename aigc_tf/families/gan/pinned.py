"""Whether a discriminator has won: then its gradients teach the generator nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aigc_tf.recipes.gans import GuardSettings


def pinned(logs: Mapping[str, Any], watched: dict[str, float], guard: GuardSettings) -> list[str]:
    """Counts the steps in a row in which the discriminator is right about both kinds of images.

    Args:
        logs: of a step, with what `GAN.answers` says: probabilities, or shares of answers on the right side.
        watched: holds the count, as "pinned".
        guard: how sure, and for how many steps, is too much.

    Returns:
        A line that says so after so many steps, and then the count begins again; nothing otherwise.
    """
    if "real_probability" in logs:
        least = min(float(logs["real_probability"]), 1 - float(logs["fake_probability"]))
    elif "real_accuracy" in logs:
        least = min(float(logs["real_accuracy"]), float(logs["fake_accuracy"]))
    else:  # nothing says which scores of the Wasserstein loss are right
        return []
    watched["pinned"] = watched.get("pinned", 0) + 1 if least > guard.pinned_probability else 0
    if watched["pinned"] < guard.pinned_steps:
        return []
    watched["pinned"] = 0
    return [
        f"the discriminator has been right with probability over {guard.pinned_probability:g} for "
        f"{guard.pinned_steps} steps"
    ]
