"""Look-up of recipes by module name, or by the reference that a run recorded."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import sys
from pathlib import Path

from aigc_tf.errors import InputError, closest
from aigc_tf.recipes.base import Recipe
from aigc_tf.references import parts_of, resolve

PACKAGE = "aigc_tf.recipes"


def recipe_class(reference: str) -> type[Recipe]:
    """The recipe class that a run recorded as `"package.module:Class"`.

    A run folder may come from anybody, and importing a module executes it. So only three kinds of modules are allowed:
    those of `aigc_tf.recipes`, those that this process has imported already, and those that the environment variable
    AIGC_TF_RECIPES names, separated by commas.

    Raises:
        ValueError: the module is none of these, there is no such class, or it is no recipe.
    """
    module, _ = parts_of(reference)
    allowed = os.environ.get("AIGC_TF_RECIPES", "").split(",")
    if not (module.startswith(f"{PACKAGE}.") or module in sys.modules or module in allowed):
        raise ValueError(
            f"{reference!r} is a recipe outside the package, and opening a run imports no other code: "
            f"if you trust it, import {module!r} first, or set AIGC_TF_RECIPES={module}"
        )
    found = resolve(reference)
    if not (isinstance(found, type) and issubclass(found, Recipe)):
        raise ValueError(f"{reference!r} is not a recipe class")
    return found


def recipe_named(name: str) -> type[Recipe]:
    """The package's recipe of this short name, such as "dp_gan", which the command line may write "dp-gan".

    Raises:
        InputError: there is none.
    """
    recipes = recipe_classes()
    short = name.replace("-", "_")
    if short not in recipes:
        close = closest(short, recipes)
        hint = f"did you mean {close}?" if close else f"choose one of {', '.join(recipes)}"
        raise InputError(f"there is no recipe {name}: {hint}")
    return recipes[short]


def recipe_classes() -> dict[str, type[Recipe]]:
    """Every recipe of the package by its short name: one in each module of `aigc_tf.recipes`.

    Modules that only hold shared parts of recipes have none.
    """
    classes = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        name = f"{PACKAGE}.{module.name}"
        members = vars(importlib.import_module(name)).values()
        found = [
            member
            for member in members
            if isinstance(member, type)
            and issubclass(member, Recipe)
            and member.__module__ == name
            and not inspect.isabstract(member)
        ]
        if found:
            (classes[module.name],) = found
    return classes
