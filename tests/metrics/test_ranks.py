"""Rank correlation matches SciPy's, and is defined for constant input."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from aigc_tf.metrics.ranks import rank_correlation


@pytest.mark.parametrize("levels", [3, 20, 10**6])
def test_it_is_the_one_of_scipy_with_and_without_equal_numbers(levels: int) -> None:
    random = np.random.default_rng(0)
    first = random.integers(levels, size=200)
    second = first + random.integers(levels, size=200)
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)


def test_only_the_order_counts() -> None:
    numbers = np.random.default_rng(0).normal(size=50)
    assert rank_correlation(numbers, np.exp(numbers)) == pytest.approx(1)
    assert rank_correlation(numbers, -numbers) == pytest.approx(-1)


def test_equal_numbers_have_no_order() -> None:
    assert rank_correlation(np.arange(5), np.ones(5)) == 0
    assert rank_correlation(np.ones(5), np.zeros(5)) == 1
