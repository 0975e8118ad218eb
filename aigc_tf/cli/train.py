"""Train a model."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from aigc_tf.cli.command import friendly_exit, train_command
from aigc_tf.cli.program import program, subcommand
from aigc_tf.recipes.registry import recipe_classes, recipe_named


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: the name of a recipe and its flags; without a name it lists the recipes."""
    name, *flags = (sys.argv[1:] if arguments is None else list(arguments)) or ["--help"]
    with friendly_exit():
        if name in ("-h", "--help"):
            print(f"usage: {program()} RECIPE [OPTIONS]\n")
            for each, recipe in recipe_classes().items():
                print(f"{program()} {each:<24} {(recipe.__doc__ or '').splitlines()[0]}")
            return
        recipe = recipe_named(name)
    with subcommand(recipe.slug()):
        train_command(recipe, flags)
