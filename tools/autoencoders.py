"""What the tools for autoencoders share."""

from __future__ import annotations

from typing import Any

from aigc_tf.errors import InputError
from aigc_tf.registry import recipe_classes, resolve


def require(model: Any, method: str) -> Any:
    """The model, if it has a method of autoencoders.

    Raises:
        InputError: it has not; names the recipes whose models have.
    """
    if hasattr(model, method):
        return model
    able = [name for name, recipe in recipe_classes().items() if hasattr(resolve(recipe.model), method)]
    raise InputError(f"a {model.name} has no encoder: choose a run of {', '.join(able)}")
