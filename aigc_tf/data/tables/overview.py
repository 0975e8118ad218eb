"""Statistics of a table: the content of each column."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.overview import Counts, Overview, Shown
from aigc_tf.data.tables.scheme import Category
from aigc_tf.data.tables.source import TableSource

EXAMPLES, SHOWN, BINS = 8, 6, 20


def overview(source: TableSource) -> Overview:
    """Describe a source of rows: facts about all columns, counts for the first ones."""
    facts: dict[str, str] = {"rows": f"{len(source.train):,}"}
    counts: dict[str, Counts] = {}
    for at, column in enumerate(source.scheme.columns):
        facts[column.name] = column.words().partition(": ")[2]
        if len(counts) == SHOWN:
            continue
        values = source.train[:, at]
        if isinstance(column, Category):
            numbers = np.bincount(values.astype(np.int64), minlength=column.choices)
            counts[column.name] = Counts([name or "(gap)" for name in column.names], numbers)
        else:
            numbers, edges = np.histogram(values[~np.isnan(values)], BINS)
            counts[column.name] = Counts([f"{edge:.4g}" for edge in edges[:-1]], numbers)
    return Overview(facts, counts, {"examples": Shown(source.inputs("train", EXAMPLES))})
