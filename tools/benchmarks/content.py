"""Miss and false alarm rates of a class filter, on labelled pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.trust.content import REFUSED_FROM, class_filter
from aigc_tf.trust.subjects import classes_told
from tools.benchmarks.tables import markdown

LIMITS = (0.5, REFUSED_FROM, 0.05)


def misses(run: Any, judge: Any = None) -> list[dict[str, Any]]:
    """One row per refusable class, and their means, on the test part of a run's source.

    Args:
        run: run of an image model with a labelled source.
        judge: run of the classifier; None: the classifier of the source.

    Raises:
        InputError: the test pictures have no labels.
    """
    pictures, labels = run.source.test.images, run.source.test.labels
    if labels is None:
        raise InputError(f"{run.source.name} has no labels: misses can be counted where classes are known")
    told = classes_told(run.source, run.recipe) if judge is None else (judge.model.probabilities, judge.model.classes)
    probabilities, classes = told
    found = probabilities(np.asarray(pictures))
    rows = [_row(found, labels, classes, number) for number in range(len(classes.names))]
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0] if name != "refused class"}
    return [*rows, {"refused class": "mean"} | means]


def _row(found: np.ndarray, labels: np.ndarray, classes: Any, number: int) -> dict[str, Any]:
    row: dict[str, Any] = {"refused class": classes.names[number]}
    for limit in LIMITS:
        refused = class_filter(lambda given: given, classes, [classes.names[number]], limit)(found)
        row[f"pass, from {limit:g}"] = float(np.mean(~refused[labels == number]))
        row[f"others refused, from {limit:g}"] = float(np.mean(refused[labels != number]))
    return row


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    return markdown(list(rows[0]), [list(row.values()) for row in rows])
