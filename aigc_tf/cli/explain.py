"""Show what a model expects of an input, and what it attends to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from aigc_tf.cli.command import command
from aigc_tf.errors import InputError


def explain(
    run: Annotated[Path, tyro.conf.Positional],
    text: str,
    out: Path | None = None,
    checkpoint: Literal["last", "best"] = "last",
) -> None:
    """Show what a model expects of an input, and what it attends to.

    Args:
        run: The run's folder.
        text: Text to explain, for a transformer at most as long as its context; a file if the model takes no text.
        out: Output folder; the run's folder if not given.
        checkpoint: The last checkpoint, or the best one seen while training.
    """
    if not text:
        raise InputError("--text is empty: give the text that is to be read")

    from aigc_tf.cli.results import write_preview
    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    model = opened.able("Explains")
    (value,) = model.takes.parse([text])
    shown = model.explain(value, f"{opened.recipe.slug()}, step {opened.step}")
    folder = out or run
    folder.mkdir(parents=True, exist_ok=True)
    for name, preview in shown.items():
        path = folder / f"{name}{'.html' if isinstance(preview, str) else '.png'}"
        write_preview(path, preview, opened.made_by())
        print(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(explain, arguments)
