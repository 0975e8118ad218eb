"""Reports of a run: the figures of an evaluation and how to read them, and the quality of exported files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from aigc_tf.errors import InputError, say
from aigc_tf.modalities.drawing import write_png
from aigc_tf.recipes.base import Recipe
from aigc_tf.references import resolve
from aigc_tf.runs import paths
from aigc_tf.runs.folder import read_object
from aigc_tf.runs.published import published
from aigc_tf.storage.files import write_atomically

if TYPE_CHECKING:
    from aigc_tf.export.runner import Runner
    from aigc_tf.runs.run import Run


class Row(NamedTuple):
    """One figure, in words."""

    name: str
    value: str
    better: str
    """"lower" or "higher" (better), or empty for figures that have to be read together with others."""
    baselines: str
    """`"pca 12.1, copy 9.8"`; empty if there are none."""


class ReportTable(NamedTuple):
    """A table of a report, as text."""

    name: str
    caption: str
    head: list[str]
    rows: list[list[str]]


def read_report(run: Path) -> dict[str, Any]:
    """The result of `Run.evaluate`, from the run's folder.

    Raises:
        InputError: it is missing or damaged.
    """
    path = run / paths.EVALUATION
    report = read_object(path, protocol=dict, step=int)
    baselines = report.get("baselines", {})  # reports of version 0.1 have neither baselines nor directions
    if not (
        _is_table(report.get("better", {}), str)
        and _is_table(baselines, dict)
        and all(_is_table(figures, float | int) for figures in baselines.values())
    ):
        raise InputError(f"{path} is damaged: its directions or baselines are not tables: evaluate the run again")
    return report


def tables_of_report(report: dict[str, Any]) -> Iterator[ReportTable]:
    """The tables of `Run.evaluate`; earlier reports have none, and anything that is not a table is skipped."""
    tables = report.get("tables")
    for name, table in tables.items() if isinstance(tables, dict) else ():
        rows = table.get("rows") if isinstance(table, dict) else None
        if rows and isinstance(rows, list) and all(_is_table(row, str | float | int | None) for row in rows):
            head = list(rows[0])
            cells = [[_shown(row.get(key)) for key in head] for row in rows]
            yield ReportTable(name, str(table.get("caption")), head, cells)


def _shown(value: str | float | None) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:.3g}"


def _is_table(value: Any, kind: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, kind) for each in value.values())


def rows_of_report(report: dict[str, Any]) -> Iterator[Row]:
    """The figures of `Run.evaluate`, in order, including those of version 0.1, which are plain numbers."""
    better, baselines = report.get("better", {}), report.get("baselines", {})
    for name, value in report.items():
        if not isinstance(value, float):
            continue
        beside = ", ".join(f"{method} {figure:.4g}" for method, figure in baselines.get(name, {}).items())
        direction = better.get(name, "")
        yield Row(name, f"{value:.4g}", "" if direction == "neither" else direction, beside)


def chosen_by(source: Mapping[str, Any], recipe: Recipe) -> dict[str, str]:
    """How the best checkpoint was chosen, for protocols; version 0.1 used test data.

    Args:
        source: the run's record of its source.
        recipe: the run's recipe.
    """
    from aigc_tf.data.source import NO_VALIDATION  # imports TensorFlow

    split = source.get("validation split")
    part = f"validation part: {split}"
    if split is None:
        part = "test part (version 0.1)"
    elif split == NO_VALIDATION:
        part = "training part"
    return {"best checkpoint chosen by": f"{resolve(recipe.chooses).name} on the {part}"}


def write_pictures(folder: Path, pictures: Mapping[str, Any], made_by: Mapping[str, str]) -> dict[str, str]:
    """Write the pictures of an evaluation into a folder; returns their captions by name."""
    for name, picture in pictures.items():
        write = partial(write_png, image=picture.image, made_by=made_by, scale=2)
        write_atomically(folder / f"{name}.png", write)
    return {name: picture.caption for name, picture in pictures.items()}


def to_json(report: dict[str, Any]) -> str:
    """A report as one line of JSON; NumPy scalars become Python numbers."""
    return json.dumps(report, default=lambda value: value.item() if isinstance(value, np.generic) else str(value))


def export_quality(run: Run, model: Any, quantize: str, measure: bool, runner: Runner) -> dict[str, Any]:
    """How quantization changes the quality of an exported file, or why this is not measured.

    Args:
        run: the file's run.
        model: the exported model.
        quantize: `dynamic` or `int8`.
        measure: False skips the measurement.
        runner: runs the file.

    Raises:
        VerificationError: a limit in the recipe is exceeded.
    """
    if not measure:
        return {"not_measured": "as it was asked (--no-measure)"}
    say("measuring what quantizing changes in quality; --no-measure (measure=False) leaves it out")
    try:
        found = resolve(run.recipe.export_quality)(model, run.source, run.recipe, runner, quantize)
    except InputError as error:
        say(f"warning: the quality of the quantized file is not measured: {error}")
        found = {"not_measured": str(error)}
    return dict(published(found, run.path, run.recipe))
