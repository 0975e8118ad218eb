"""Recipes by class name, lazily: `aigc_tf.recipes.DCGAN`."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    from aigc_tf.recipes.registry import recipe_classes

    recipes = {recipe.__name__: recipe for recipe in recipe_classes().values()}
    if name == "__all__":
        return sorted(recipes)
    if name in recipes:
        return recipes[name]
    from aigc_tf.errors import closest

    close = closest(name, recipes)
    hint = f": did you mean {close}?" if close else f"; it has {', '.join(sorted(recipes))}"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")


def __dir__() -> list[str]:
    return [*__getattr__("__all__"), *(name for name in globals() if name.startswith("__"))]
