"""Chat with a dialogue model."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from aigc_tf.cli.checks import require_seed
from aigc_tf.cli.options import Verb, chosen_options, run_command
from aigc_tf.errors import say

VERB: Verb = "transform_options"
"""The verb whose options the command takes."""


def chat(
    run: Annotated[Path, tyro.conf.Positional],
    seed: int = 0,
    checkpoint: Literal["last", "best"] = "last",
    **options: Any,
) -> None:
    """Chat with a model: each line of stdin is a turn, and gets a reply; an empty line starts a new conversation.

    A model trained on several turns (pairs.columns) is given as many of the latest turns, its own included.

    Args:
        run: The run's folder.
        seed: Random seed of sampled replies (--temperature).
        checkpoint: The last checkpoint, or the best one seen while training.
        options: What the recipe's `transform_options` has.
    """
    require_seed(seed)

    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    arguments = chosen_options(opened.recipe, "transform_options", options)
    model = opened.able("Answers")
    turns: list[str] = []
    for number, line in enumerate(_lines()):
        if not line:
            turns = []
            continue
        turns = [*turns, line][-model.turns :]
        (answer,) = model.transform(["\n".join(model.takes.parse(turns))], seed + number, **arguments | {"whole": True})
        print(answer, flush=True)
        turns.append(answer)


def _lines() -> Iterator[str]:
    """The stripped lines of stdin, with a prompt if stdin is a terminal."""
    typed = sys.stdin.isatty()
    if typed:
        say("an empty line begins a new conversation, Ctrl-D ends")
    while True:
        if typed:
            print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        yield line.strip()


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    run_command(chat, VERB, arguments)
