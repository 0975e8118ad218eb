"""Statistical fidelity of generated rows: marginals, and associations of pairs of columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.source import PartName
from aigc_tf.data.tables.scheme import Category, Scheme
from aigc_tf.data.tables.source import TableSource
from aigc_tf.metrics.evaluator import CHOOSING_SEED, Chooser, Evaluator, Measurement, Request
from aigc_tf.metrics.tables.drawn import drawn_rows, figure, protocol

_BINS = 10  # of numbers, for associations with categories
_MAX_ROWS = 10_000


def marginal_distances(scheme: Scheme, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Distances between the marginals of two tables, each from 0 to 1: `[columns]`.

    For numbers the Kolmogorov-Smirnov distance, with gaps below all numbers; for categories the total variation
    distance.
    """
    found = []
    for at, column in enumerate(scheme.columns):
        one, other = first[:, at], second[:, at]
        if isinstance(column, Category):
            shares = [np.bincount(part.astype(np.int64), minlength=column.choices) / len(part) for part in (one, other)]
            found.append(0.5 * np.abs(shares[0] - shares[1]).sum())
        else:
            found.append(kolmogorov_smirnov(*(np.where(np.isnan(part), -np.inf, part) for part in (one, other))))
    return np.array(found)


def kolmogorov_smirnov(first: np.ndarray, second: np.ndarray) -> float:
    """The largest difference of two empirical distribution functions."""
    everything = np.concatenate([first, second])
    shares = [np.searchsorted(np.sort(part), everything, side="right") / len(part) for part in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())


def associations(scheme: Scheme, rows: np.ndarray, edges: list[np.ndarray]) -> np.ndarray:
    """Association of each pair of columns, `[columns, columns]`.

    For two columns of numbers Spearman's correlation, from -1 to 1; otherwise Cramér's V (1946, §21.9), from 0 to 1,
    with numbers binned.

    Args:
        scheme: of the columns.
        rows: values `[rows, columns]`.
        edges: inner bin edges of each column of numbers; see `range_edges`.
    """
    numeric = set(scheme.numeric)
    kinds = [_kinds(rows[:, at], edges[at] if at in numeric else None) for at in range(len(scheme.columns))]
    ranks = [_ranks(rows[:, at]) if at in numeric else None for at in range(len(scheme.columns))]
    found = np.eye(len(kinds))
    for one in range(len(kinds)):
        for other in range(one):
            first, second = ranks[one], ranks[other]
            if first is not None and second is not None:
                value = _correlation(first, second)
            else:
                value = cramers_v(kinds[one], kinds[other])
            found[one, other] = found[other, one] = value
    return found


def range_edges(scheme: Scheme, rows: np.ndarray) -> list[np.ndarray]:
    """Edges between ten equally frequent bins of each column of numbers; empty for categories."""
    edges = []
    for at, column in enumerate(scheme.columns):
        known = rows[~np.isnan(rows[:, at]), at]
        shares = np.arange(1, _BINS) / _BINS
        edges.append(np.zeros(0) if isinstance(column, Category) else np.unique(np.quantile(known, shares)))
    return edges


def cramers_v(first: np.ndarray, second: np.ndarray) -> float:
    """Cramér's V, √(χ² / (n (k - 1))), of two categorical columns, int `[rows]`; 0 if one has a single value."""
    table = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(table, (first, second), 1)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    smaller = min(table.shape) - 1
    if smaller < 1:
        return 0.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    return float(np.sqrt(((table - expected) ** 2 / expected).sum() / table.sum() / smaller))


def _kinds(values: np.ndarray, edges: np.ndarray | None) -> np.ndarray:
    if edges is None:
        return values.astype(np.int64)
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, ties sharing theirs; NaN for gaps."""
    known = ~np.isnan(values)
    _, inverse, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    ranks = np.full(len(values), np.nan)
    ranks[known] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    known = ~(np.isnan(first) | np.isnan(second))
    pair = np.stack([first[known], second[known]])
    if known.sum() < 2 or not pair.std(axis=1).all():
        return 0.0
    return float(np.corrcoef(pair)[0, 1])


class Fidelity(Evaluator):
    """Generated rows against the rows of a part; baselines: Gaussian copula and bootstrap of training rows.

    Figures, lower is better:

    - marginal_distance, the mean over columns; see `marginal_distances`;
    - association_error, the mean over pairs of columns of the absolute difference; see `associations`.
    """

    def measure(self, model: Any, source: TableSource, recipe: Any, request: Request) -> Measurement:
        """Measured on at most 10,000 rows; see `Evaluator.measure`."""
        rows, real = drawn_rows(model, source, request, _MAX_ROWS), source.part(request.part)
        scheme, edges = source.scheme, range_edges(source.scheme, source.train)
        wanted = associations(scheme, real, edges)
        pairs = np.triu_indices(len(wanted), 1)
        margins = {name: float(marginal_distances(scheme, made, real).mean()) for name, made in rows.items()}
        figures = {"marginal_distance": figure(margins, "lower")}
        if len(pairs[0]):
            errors = {
                name: float(np.abs(associations(scheme, made, edges) - wanted)[pairs].mean())
                for name, made in rows.items()
            }
            figures["association_error"] = figure(errors, "lower")
        return Measurement(figures, protocol(source, request, rows))


class TableDistance(Chooser):
    """The mean of marginal distance and association error."""

    name = "table_distance"

    def value(self, model: Any, source: TableSource, recipe: Any, samples: int, part: PartName) -> float:
        """Measured on at most `samples` generated rows and all rows of the part."""
        real, scheme = source.part(part), source.scheme
        made, edges = model.values(samples, CHOOSING_SEED), range_edges(source.scheme, source.train)
        pairs = np.triu_indices(len(scheme.columns), 1)
        errors = np.abs(associations(scheme, made, edges) - associations(scheme, real, edges))[pairs]
        return float(marginal_distances(scheme, made, real).mean() + (errors.mean() if len(errors) else 0.0)) / 2
