"""Training-by-sampling: rows are drawn so that rare categories are seen as well (Xu et al. 2019, §4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aigc_tf.data.order import ALL, Order, Rows, Tabulated
from aigc_tf.data.tables.scheme import Scheme


@dataclass(frozen=True, eq=False)
class ByCondition(Order):
    """Each row of a batch: a random column, a category by its log frequency, and a random row with it.

    An example's number is `row * categories + column`, where only categorical columns are counted.
    """

    scheme: Scheme
    values: np.ndarray
    """Values of the training rows, float64 `[rows, columns]`."""
    batch_size: int
    seed: int

    @cached_property
    def groups(self) -> list[list[np.ndarray]]:
        """For each categorical column and each of its categories, the rows that have it."""
        return [
            [np.flatnonzero(self.values[:, at] == name) for name in range(self.scheme.sizes[at])]
            for at in self.scheme.categories
        ]

    @cached_property
    def chances(self) -> list[np.ndarray]:
        """For each categorical column the probability of each category, proportional to log(1 + count)."""
        counts = [np.log1p([len(rows) for rows in groups]) for groups in self.groups]
        return [found / found.sum() for found in counts]

    def drawn(self, step: int) -> np.ndarray:
        """The examples of a step, int64 `[batch]`."""
        random, known = np.random.default_rng((self.seed, step)), len(self.scheme.categories)
        columns = random.integers(known, size=self.batch_size)
        draws = random.uniform(size=(2, self.batch_size))
        rows = np.zeros(self.batch_size, np.int64)
        for column, (groups, chances) in enumerate(zip(self.groups, self.chances, strict=True)):
            places = np.flatnonzero(columns == column)
            names = np.minimum(np.searchsorted(np.cumsum(chances), draws[0, places], side="right"), len(groups) - 1)
            for name in np.unique(names):
                own = places[names == name]
                rows[own] = groups[name][(draws[1, own] * len(groups[name])).astype(np.int64)]
        return rows * known + columns

    def rows(self, step: object, chosen: slice = ALL) -> Rows:
        """See `Order.rows`."""

        def batch_of(number: int) -> tuple[np.ndarray, np.bool_]:
            return self.drawn(int(number)), np.bool_(False)

        return Tabulated(self.batch_size, batch_of).rows(step, chosen)
