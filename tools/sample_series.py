"""What `tools.sample` does with a run of a model of series."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from aigc_tf.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from aigc_tf.runs.run import Run

SHOWN = 100  # steps of time before a forecast, in its picture


def sample_series(
    run: Annotated[Path, tyro.conf.Positional],
    count: int = 8,
    seed: int = 0,
    out: Path | None = None,
    checkpoint: Literal["last", "best"] = "last",
    forecast: int | None = None,
) -> None:
    """Generate series with a run, or forecast its own.

    Args:
        run: The run's folder.
        count: How many sequences.
        seed: The same seed gives the same sequences.
        out: A .csv, .npy or .png file. In the run's folder, as .png, if not given.
        checkpoint: The last one, or the best seen while training.
        forecast: Instead, the mean and standard deviation of so many values behind the end of the run's series.
    """
    out = out or run / ("forecast.png" if forecast else f"samples-seed{seed}.png")
    check(out, count, forecast)

    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    write = write_samples if forecast is None else write_forecast
    out.parent.mkdir(parents=True, exist_ok=True)
    write(opened, out, count if forecast is None else forecast, seed)
    print(out)


def check(out: Path, count: int, forecast: int | None) -> None:
    """Raise InputError if that cannot be written."""
    if out.suffix not in (".csv", ".npy", ".png"):
        raise InputError(f"--out is {out}: choose a name that ends in .csv, .npy or .png")
    if count < 1 or (forecast is not None and forecast < 1):
        raise InputError(f"--count is {count} and --forecast {forecast}: give at least 1")


def write_samples(run: Run, out: Path, count: int, seed: int) -> None:
    """New sequences, `[count, time, series]`; in a CSV file one below the other."""
    import numpy as np

    from aigc_tf.modalities.plots import sequences_picture

    sequences, names = run.generate(count, seed), run.assets()["scaling"].names
    if out.suffix == ".npy":
        np.save(out, sequences, allow_pickle=False)
    elif out.suffix == ".png":
        _write_picture(out, sequences_picture(sequences, names), run.made_by(seed))
    else:
        sample, step = (index.ravel() for index in np.indices(sequences.shape[:2]))
        _write_csv(out, ["sample", "step", *names], [sample, step, *sequences.reshape(-1, len(names)).T])


def write_forecast(run: Run, out: Path, steps: int, seed: int) -> None:
    """Mean and standard deviation, `[2, steps, series]`; in a CSV file one row a step, the series side by side.

    Raises:
        InputError: the model forecasts nothing.
    """
    import numpy as np

    from aigc_tf.modalities.plots import forecast_picture

    del seed  # nothing is drawn
    if not hasattr(run.model, "forecast"):
        raise InputError(f"a {run.recipe.slug()} forecasts nothing: choose a run of ar for --forecast")
    history, names = run.source.values, run.source.scaling.names
    mean, deviation = run.model.forecast(history, steps)
    if out.suffix == ".npy":
        np.save(out, np.stack([mean, deviation]), allow_pickle=False)
    elif out.suffix == ".png":
        _write_picture(out, forecast_picture(history[-SHOWN:], mean[:0], mean, deviation, names), run.made_by())
    else:
        head = ["step", *(f"{name}{part}" for name in names for part in ("", " deviation"))]
        columns = [column for pair in zip(mean.T, deviation.T, strict=True) for column in pair]
        _write_csv(out, head, [np.arange(1, steps + 1), *columns])


def _write_picture(out: Path, picture: np.ndarray, made_by: Mapping[str, str]) -> None:
    from aigc_tf.modalities.drawing import write_png
    from aigc_tf.storage.files import write_atomically

    write_atomically(out, partial(write_png, image=picture, made_by=made_by))


def _write_csv(out: Path, head: Sequence[str], columns: Sequence[np.ndarray]) -> None:
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(zip(*(column.tolist() for column in columns), strict=True))
