"""Train a model by a recipe."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence

from aigc_tf.cli.command import friendly_exit, train_command
from aigc_tf.cli.program import program, subcommand
from aigc_tf.errors import InputError
from aigc_tf.recipes.registry import recipe_classes


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: the name of a recipe and its flags; without a name it lists the recipes."""
    name, *flags = (sys.argv[1:] if arguments is None else list(arguments)) or ["--help"]
    recipes, typed = recipe_classes(), name
    name = name if name.startswith("-") else name.replace("-", "_")  # completion says dp-gan
    with friendly_exit():
        if name in ("-h", "--help"):
            print(f"usage: {program()} RECIPE [OPTIONS]\n")
            for each, recipe in recipes.items():
                print(f"{program()} {each:<24} {(recipe.__doc__ or '').splitlines()[0]}")
            return
        if name not in recipes:
            close = difflib.get_close_matches(name, recipes, n=1)
            hint = f"did you mean {close[0]}?" if close else f"{program()} lists them"
            raise InputError(f"there is no recipe {typed}: {hint}")
    with subcommand(name):
        train_command(recipes[name], flags)
