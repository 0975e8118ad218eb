"""The one place where names become code: recipes by module name, everything else by reference."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import re
import sys
from typing import Any

from aigc_tf.recipes.base import Recipe

_REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def resolve(reference: str) -> Any:
    """The object that `"package.module:attribute"` names.

    Raises:
        ValueError: the reference is malformed, or there is no such module or attribute.
    """
    module_name, attribute = _parts(reference)
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except ModuleNotFoundError as error:
        if error.name is None or not module_name.startswith(error.name):
            raise  # the module is there, but something that it needs is not
        raise ValueError(f"{reference!r}: there is no module {error.name}; is it on PYTHONPATH?") from None
    except AttributeError:
        raise ValueError(f"{reference!r}: the module has no {attribute}") from None


def recipe_class(reference: str) -> type[Recipe]:
    """The recipe class that a run recorded as `"package.module:Class"`.

    A run folder may come from anybody, and importing a module runs it. So only three kinds of modules are looked
    into: those of `aigc_tf.recipes`, those that this process has imported already, and those that the environment
    variable AIGC_TF_RECIPES names, separated by commas.

    Raises:
        ValueError: the module is none of these, there is no such class, or it is no recipe.
    """
    module, _ = _parts(reference)
    allowed = os.environ.get("AIGC_TF_RECIPES", "").split(",")
    if not (module.startswith("aigc_tf.recipes.") or module in sys.modules or module in allowed):
        raise ValueError(
            f"{reference!r} is a recipe outside the package, and opening a run imports no other code: "
            f"if you trust it, import {module!r} first, or set AIGC_TF_RECIPES={module}"
        )
    found = resolve(reference)
    if not (isinstance(found, type) and issubclass(found, Recipe)):
        raise ValueError(f"{reference!r} is not a recipe class")
    return found


def _parts(reference: str) -> tuple[str, str]:
    """Module and attribute of a reference."""
    if not _REFERENCE.fullmatch(reference):
        raise ValueError(f"{reference!r} is not of the form 'package.module:attribute'")
    module, _, attribute = reference.partition(":")
    return module, attribute


def recipe_classes() -> dict[str, type[Recipe]]:
    """Every recipe of the package by its short name: one in each module of `aigc_tf.recipes`.

    Modules that hold nothing but what several recipes share have none.
    """
    import aigc_tf.recipes as package

    classes = {}
    for module in pkgutil.iter_modules(package.__path__):
        name = f"{package.__name__}.{module.name}"
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
