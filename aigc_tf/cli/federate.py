"""Federated training: clients keep their examples to themselves, simulated in one process."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import tyro

from aigc_tf.cli.command import call, friendly_exit, train_command
from aigc_tf.cli.program import program
from aigc_tf.errors import InputError
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.federated import FederationSettings
from aigc_tf.recipes.registry import recipe_named

_TRAINER = "python -m trainers.NAME [OPTIONS]"
_USUAL = FederationSettings()
_IN_FRONT = ("python", "python3", "-m", "aigc-tf", "train", "trainers")
"""Words that may precede the name of a recipe or of its trainer."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: options of the federation, and after `--` a trainer with its flags."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    own, trainer = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    with friendly_exit():
        settings = call(federate, own)
        recipe, flags = _recipe(trainer)

    def clients() -> Any:
        from aigc_tf.engine.federation import Federated

        return Federated(settings=settings)

    train_command(recipe, flags, clients)


def federate(settings: Annotated[FederationSettings, tyro.conf.arg(name="")] = _USUAL) -> FederationSettings:
    """Federated training, simulated in one process: OPTIONS -- python -m trainers.NAME [OPTIONS]

    The trainer's --steps are those of each client over all rounds. The result is an ordinary run.

    Args:
        settings: of the federation.
    """
    return settings


def _recipe(words: Sequence[str]) -> tuple[type[Recipe], list[str]]:
    """The recipe of the named trainer, and its flags."""
    named = next((at for at, word in enumerate(words) if word not in _IN_FRONT), None)
    if named is None:
        raise InputError(f"what do the clients train? Give {program()} [OPTIONS] -- {_TRAINER}")
    return recipe_named(words[named].removeprefix("trainers.")), list(words[named + 1 :])
