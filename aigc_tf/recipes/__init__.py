"""Recipes by class name, lazily: `aigc_tf.recipes.DCGAN`."""

from typing import Any


def __getattr__(name: str) -> Any:
    from aigc_tf.recipes.registry import recipe_classes

    for recipe in recipe_classes().values():
        if recipe.__name__ == name:
            return recipe
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
