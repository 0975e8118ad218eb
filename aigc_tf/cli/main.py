"""The console command: `aigc-tf COMMAND`, or `python -m aigc_tf COMMAND`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from aigc_tf import __version__
from aigc_tf.cli.command import friendly_exit
from aigc_tf.cli.program import program, subcommand
from aigc_tf.errors import InputError, closest
from aigc_tf.runs import paths

COMMANDS = (
    "train",
    "search",
    "federate",
    "distil",
    "data",
    "sample",
    "evaluate",
    "export",
    "transform",
    "chat",
    "encode",
    "score",
    "explore",
    "explain",
    "attack",
    "judge",
    "provenance",
    "forecast",
    "augment",
    "cache",
    "completion",
)
"""Each is a module of this package with a `main` and, except `train` and `search`, a function of its name."""
IN_THE_REPOSITORY = ("benchmark", "quickstart")
"""Modules of `tools/` that are not installed."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the first word names; only its module is imported."""
    name, *words = (sys.argv[1:] if arguments is None else list(arguments)) or ["--help"]
    with friendly_exit():
        if name in ("-h", "--help"):
            print(help_text())
            return
        if name == "--version":
            print(f"aigc-tf {__version__}")
            return
        if name in IN_THE_REPOSITORY:
            raise InputError(f"{name} is not installed: run python -m tools.{name} in the repository")
        if name not in COMMANDS:
            close = closest(name, COMMANDS)
            hint = f"did you mean {close}?" if close else f"{program()} --help lists them"
            raise InputError(f"there is no command {name}: {hint}")
        with subcommand(name):
            importlib.import_module(f"aigc_tf.cli.{name}").main(words)


def help_text() -> str:
    """The commands, a line for each."""
    lines = [f"usage: {program()} COMMAND [OPTIONS]", ""]
    for name in COMMANDS:
        summary, _, _ = (importlib.import_module(f"aigc_tf.cli.{name}").__doc__ or "").partition("\n")
        lines.append(f"  {name:<12} {summary}")
    return "\n".join(
        [
            *lines,
            "",
            f"{program()} train lists the recipes; {program()} COMMAND --help shows the options of a command.",
            f"Commands that take a run take the newest in {paths.RUNS_FOLDER}/ if none is named.",
        ]
    )
