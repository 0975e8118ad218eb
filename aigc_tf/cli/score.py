"""Score inputs with a run, such as anomaly scores or likelihoods."""

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
    """Score inputs with a run: how unusual each one is to the model.

    Args:
        run: The run's folder.
        paths: Input files, or folders of them.
        out: A .csv file to write; by default names and scores are printed.
        text: Texts instead of files, for a model that takes text.
        checkpoint: The last checkpoint, or the best one seen while training.
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
