"""Hyperparameter search for a recipe: random search with successive halving."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro

from aigc_tf.cli.command import call, friendly_exit, refuse_epochs
from aigc_tf.cli.program import program, subcommand
from aigc_tf.data.paths import refuse_missing
from aigc_tf.errors import InputError
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.registry import recipe_named


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: the name of a recipe or of its trainer, options of the search, and the settings of all trials."""
    name, *words = (sys.argv[1:] if arguments is None else list(arguments)) or ["--help"]
    with friendly_exit():
        if name in ("-h", "--help"):
            print(f"usage: {program()} RECIPE --space FILE [--trials N] [--seconds S] [--out DIR] [OPTIONS]\n")
            print(f"{program()} RECIPE --help shows the options; the fields that a space can name are among them.")
            return
        recipe = recipe_named(name.removeprefix("trainers."))
        refuse_epochs(words)
        with subcommand(recipe.slug()):
            call(searching(recipe, recipe()), words)


def searching(kind: type[Recipe], defaults: Recipe) -> Callable[..., None]:
    """The command as a function for tyro, with every field of a recipe as a flag.

    Args:
        kind: the recipe's class.
        defaults: the recipe that the flags change.
    """

    def search(
        space: Path,
        recipe: Annotated[Recipe, tyro.conf.arg(name="")],
        trials: int = 20,
        out: Path | None = None,
    ) -> None:
        """Hyperparameter search: random search with successive halving.

        Args:
            space: JSON file: field -> {"log_uniform": [1e-4, 1e-3]}, {"uniform": [0, 1]}, {"int": [1, 8]} or
                {"choice": [16, 32]}.
            recipe: settings common to all trials; --seconds or --steps is the length of one.
            trials: Total number of trials, including those that the folder already has.
            out: Folder of the trials; a repeated call continues the search. Default: saved_models/search/RECIPE.
        """
        refuse_missing(recipe.source)
        if trials < 1:
            raise InputError(f"--trials is {trials}: give at least 1")
        from aigc_tf.engine.search import search as find
        from aigc_tf.runs.paths import RUNS_FOLDER

        print(find(recipe, read_space(space), trials, out or RUNS_FOLDER / "search" / recipe.slug()))

    search.__annotations__["recipe"] = Annotated[kind, tyro.conf.arg(name="")]
    search.__defaults__ = (defaults, 20, None)
    return search


def read_space(path: Path) -> Any:
    """The JSON in a file.

    Raises:
        InputError: it is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}") from error
