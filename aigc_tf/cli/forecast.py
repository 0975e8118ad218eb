"""Forecast the next values of a run's data, or of a file of the same kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from aigc_tf.cli.checks import require_counts, require_ending, require_inputs, require_place
from aigc_tf.cli.command import command
from aigc_tf.errors import InputError

STEPS = 12


def forecast(
    run: Annotated[Path, tyro.conf.Positional],
    history: Annotated[Path | None, tyro.conf.Positional] = None,
    *,
    steps: int = STEPS,
    out: Path | None = None,
    checkpoint: Literal["last", "best"] = "last",
) -> None:
    """Forecast the next values of a series: their mean and standard deviation.

    Args:
        run: The run's folder.
        history: File with the values so far; the data that the run was trained on if not given.
        steps: Number of values to forecast.
        out: File to write; its ending selects the format. In the run's folder if not given.
        checkpoint: The last checkpoint, or the best one seen while training.
    """
    require_counts(steps=steps)
    require_place(out)
    if history is not None:
        require_inputs([history], [])

    from aigc_tf.modalities.origin import keep_beside
    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    model = opened.able("Forecasts")
    takes = model.takes
    if not takes.writes_forecasts:
        raise InputError(f"forecasts of {takes.name} cannot be written: use Run.able('Forecasts') from Python")
    out = out or run / f"forecast{takes.writes_forecasts[0]}"
    require_ending(out, takes.writes_forecasts)
    known = opened.source.history if history is None else takes.parse([str(history)])[0]
    mean, deviation = model.forecast(known, steps)
    out.parent.mkdir(parents=True, exist_ok=True)
    made_by = opened.made_by()
    takes.write_forecast(out, known, mean, deviation, made_by)
    keep_beside([out], made_by)
    print(out)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(forecast, arguments)
