"""Print a shell-completion script for `aigc-tf`."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import tyro
from tyro.extras import SubcommandApp

from aigc_tf.cli.command import CONFIG, command, training
from aigc_tf.cli.main import COMMANDS
from aigc_tf.cli.newest import with_newest_run
from aigc_tf.cli.options import Verb, with_options
from aigc_tf.cli.search import searching
from aigc_tf.recipes.registry import recipe_classes

OF_RECIPES = {"train": training, "search": searching}
"""Commands whose options are those of a recipe -> the factory of their functions."""


def completion(shell: Annotated[Literal["bash", "zsh", "fish"], tyro.conf.Positional]) -> None:
    """Print a shell-completion script for `aigc-tf`.

    For bash: aigc-tf completion bash > ~/.local/share/bash-completion/completions/aigc-tf

    Args:
        shell: The shell.
    """
    everything().cli(prog="aigc-tf", args=["--tyro-print-completion", shell], config=CONFIG)


def everything() -> SubcommandApp:
    """All commands with all their options; building it takes a second, which single commands are spared."""
    app = SubcommandApp()
    for name in COMMANDS:
        if name not in OF_RECIPES:
            app.command(name=name)(function_of(name))
            continue
        recipes = SubcommandApp()
        for slug, recipe in recipe_classes().items():
            recipes.command(name=slug)(OF_RECIPES[name](recipe, recipe()))
        app.command(recipes, name=name)
    return app


def function_of(name: str) -> Callable[..., Any]:
    """The function of a command, for tyro; it is named after the command."""
    module = importlib.import_module(f"aigc_tf.cli.{name}")
    function = getattr(module, name)
    kinds = {one.kind for one in inspect.signature(function).parameters.values()}
    if inspect.Parameter.VAR_KEYWORD in kinds:
        verb: Verb = vars(module).get("VERB", f"{name}_options")
        function = with_options(function, verb, list(recipe_classes().values()))
    return with_newest_run(function)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(completion, arguments)
