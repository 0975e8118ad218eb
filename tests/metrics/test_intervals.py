"""Confidence intervals of shares, and inter-rater agreement, against statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats import inter_rater
from statsmodels.stats.proportion import proportion_confint

from aigc_tf.metrics.intervals import fleiss_kappa, wilson_interval


@pytest.mark.parametrize(("right", "count"), [(0, 10), (7, 10), (830, 1000), (10, 10)])
def test_the_interval_is_wilsons(right: int, count: int):
    expected = proportion_confint(right, count, alpha=0.05, method="wilson")
    assert wilson_interval(right / count, count) == pytest.approx(expected, abs=1e-6)


def test_agreement_is_fleiss_kappa():
    random = np.random.default_rng(0)
    votes = np.stack([ones := random.binomial(5, random.random(30)), 5 - ones], axis=1)
    assert fleiss_kappa(votes) == pytest.approx(inter_rater.fleiss_kappa(votes))
    assert fleiss_kappa(np.array([[3, 0], [0, 3]])) == 1
    assert math.isnan(fleiss_kappa(np.array([[3, 0], [3, 0]])))
