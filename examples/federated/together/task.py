"""Shared by server and clients: the recipe and its source."""

from __future__ import annotations

from typing import Any

from aigc_tf.engine.training import open_source
from aigc_tf.recipes.registry import recipe_named


def open_task(config: Any) -> tuple[Any, Any]:
    """The recipe that the app's config names, and its source."""
    steps = int(config["rounds"]) * int(config["steps"])
    recipe = recipe_named(str(config["recipe"]))(source=str(config["source"]), steps=steps)
    return recipe, open_source(recipe)
