"""Table baselines without a network: a bootstrap of training rows, and a Gaussian copula."""

from __future__ import annotations

import numpy as np
from scipy import stats

from aigc_tf.data.tables.scheme import Number, Scheme

BOOTSTRAP, COPULA = "bootstrap", "Gaussian copula"


def bootstrap(rows: np.ndarray, count: int, seed: int) -> np.ndarray:
    """`count` of the rows `[rows, columns]`, drawn with replacement: perfect except for privacy."""
    return rows[np.random.default_rng(seed).integers(len(rows), size=count)]


def copula(scheme: Scheme, rows: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Samples of a Gaussian copula fitted to rows, with their empirical marginals (Patki et al. 2016, §3).

    Numbers are mapped to their ranks; ties, gaps (below all numbers) and categories (ordered by frequency) get random
    positions within their range, the distributional transform (Rüschendorf 2009).

    Args:
        scheme: of the columns.
        rows: values `[rows, columns]` to fit to.
        count: rows to draw.
        seed: of all draws.
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
    """For each value its index among the distinct ones, int `[rows]`, and the distinct values in order."""
    filled = np.where(np.isnan(values), -np.inf, values)
    different, codes, counts = np.unique(filled, return_inverse=True, return_counts=True)
    if not is_number:
        order = np.argsort(-counts, kind="stable")
        different, codes = different[order], np.argsort(order, kind="stable")[codes]
    return codes, np.where(np.isneginf(different), np.nan, different)


def _places(codes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Position of each value between 0 and 1, random within ties."""
    counts = np.bincount(codes)
    above = np.cumsum(counts)
    return (above[codes] - counts[codes] * random.uniform(1e-6, 1 - 1e-6, len(codes))) / len(codes)
