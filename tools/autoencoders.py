"""What the tools for models with a latent space share."""

from __future__ import annotations

from typing import Any

from aigc_tf.errors import InputError
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.references import resolve


def require(model: Any, method: str, part: str = "encoder") -> Any:
    """The model, if it has a method that only some models have.

    Args:
        model: of a run.
        method: its name.
        part: what a model without this method lacks, for the message.

    Raises:
        InputError: it has not; names the recipes whose models have.
    """
    if hasattr(model, method):
        return model
    able = [name for name, recipe in recipe_classes().items() if hasattr(resolve(recipe.model), method)]
    raise InputError(f"a {model.name} has no {part}: choose a run of {', '.join(able)}")
