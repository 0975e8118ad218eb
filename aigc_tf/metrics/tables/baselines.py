"""Rows without a network: training rows drawn again, and a Gaussian copula."""

from __future__ import annotations

import numpy as np
from scipy import stats

from aigc_tf.data.tables.scheme import Number, Scheme

BOOTSTRAP, COPULA = "bootstrap", "Gaussian copula"


def bootstrap(rows: np.ndarray, count: int, seed: int) -> np.ndarray:
    """`count` of the rows `[rows, columns]`, drawn with replacement: perfect but for privacy."""
    return rows[np.random.default_rng(seed).integers(len(rows), size=count)]


def copula(scheme: Scheme, rows: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Rows with the marginals of others and the correlations of their normal scores (Patki et al. 2016, §3).

    A number's place is its rank; equal numbers, gaps (below all numbers) and categories (in the order of how often
    they are) have random places within theirs, the distributional transform (Rüschendorf 2009).

    Args:
        scheme: of the columns.
        rows: values `[rows, columns]` to learn from.
        count: rows that are drawn.
        seed: of all that is drawn.
    """
    random = np.random.default_rng(seed)
    ordered = [_ordered(rows[:, at], isinstance(column, Number)) for at, column in enumerate(scheme.columns)]
    scores = np.stack([stats.norm.ppf(_places(codes, random)) for codes, _ in ordered], axis=1)
    correlations = np.atleast_2d(np.corrcoef(scores.T))
    factor = np.linalg.cholesky(correlations + 1e-6 * np.eye(len(correlations)))
    drawn = stats.norm.cdf(random.standard_normal((count, len(correlations))) @ factor.T / np.sqrt(1 + 1e-6))
    made = np.empty(drawn.shape)
    for at, (codes, meanings) in enumerate(ordered):
        up_to = np.cumsum(np.bincount(codes, minlength=len(meanings))) / len(codes)
        made[:, at] = meanings[np.minimum(np.searchsorted(up_to, drawn[:, at], side="right"), len(meanings) - 1)]
    return made


def _ordered(values: np.ndarray, is_number: bool) -> tuple[np.ndarray, np.ndarray]:
    """For each value its place among the different ones, int `[rows]`, and those in their order."""
    filled = np.where(np.isnan(values), -np.inf, values)
    different, codes, counts = np.unique(filled, return_inverse=True, return_counts=True)
    if not is_number:
        order = np.argsort(-counts, kind="stable")
        different, codes = different[order], np.argsort(order, kind="stable")[codes]
    return codes, np.where(np.isneginf(different), np.nan, different)


def _places(codes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Where each value lies between 0 and 1, at random within those that are equal."""
    counts = np.bincount(codes)
    above = np.cumsum(counts)
    return (above[codes] - counts[codes] * random.uniform(1e-6, 1 - 1e-6, len(codes))) / len(codes)
