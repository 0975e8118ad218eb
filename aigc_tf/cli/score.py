"""Give each input the number that a run has for it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from aigc_tf.cli.checks import require_ending, require_inputs, require_new, require_place
from aigc_tf.cli.command import command
from aigc_tf.errors import printable, say


def score(
    run: Annotated[Path, tyro.conf.Positional],
    paths: Annotated[tuple[Path, ...], tyro.conf.Positional] = (),
    *,
    out: Path | None = None,
    text: tuple[str, ...] = (),
    checkpoint: Literal["last", "best"] = "last",
) -> None:
    """Give each input the number that a run has for it: how strange it is, how surprising.

    Args:
        run: The run's folder.
        paths: Files, and folders of them.
        out: A .csv file to write; names and scores are printed if not given.
        text: Texts instead of files, of a model that takes text.
        checkpoint: The last one, or the best seen while training.
    """
    if out is not None:
        require_ending(out, [".csv"])
        require_new(out)
        require_place(out)
    require_inputs(paths, text)

    from aigc_tf.cli.inputs import batches
    from aigc_tf.runs.run import Run
    from aigc_tf.storage.files import write_text

    model = Run.open(run, checkpoint).able("Scores")
    rows: list[tuple[str, float]] = []
    for names, values in batches(model.takes, paths, text):
        rows += zip(names, map(float, model.score(values)), strict=True)
    say(f"score: {model.score_meaning}")
    if out is None:
        for name, value in rows:
            print(f"{printable(name)} {value:.6g}")
        return
    table = io.StringIO(newline="")
    csv.writer(table).writerows([("name", "score"), *rows])
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, table.getvalue())
    print(out)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(score, arguments)
