"""Metrics of returns: closed forms, references, and expected winners."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from aigc_tf.data.returns.opening import made_up, open_source
from aigc_tf.metrics.evaluator import Request
from aigc_tf.metrics.returns.baselines import (
    BLOCKS,
    GARCH,
    GAUSSIAN,
    Garch,
    block_bootstrap,
    ewma_variance,
    fitted_garch,
)
from aigc_tf.metrics.returns.facts import StylisedFacts, clustering, energy_distance, excess_kurtosis, tail_index
from aigc_tf.metrics.returns.forecasts import kupiec, mixture_quantile, qlike, simple_forecasts
from aigc_tf.recipes.returns_gan import ReturnsGAN


def test_kurtosis_and_tails_of_known_distributions():
    random = np.random.default_rng(0)
    assert excess_kurtosis(random.normal(size=(2000, 64))) == pytest.approx(0, abs=0.05)
    assert excess_kurtosis(random.laplace(size=(2000, 64))) == pytest.approx(3, abs=0.3)
    pareto = (random.pareto(3.0, 200_000) + 1) * random.choice([-1, 1], 200_000)
    assert tail_index(pareto) == pytest.approx(3, rel=0.1)


def test_volatility_that_changes_from_window_to_window_clusters():
    random = np.random.default_rng(0)
    calm = random.normal(size=(1000, 64))
    assert clustering(calm) == pytest.approx(0, abs=0.01)
    assert clustering(calm * np.repeat([[0.5], [2.0]], 500, axis=0)) > 0.2


def test_the_energy_distance_of_one_distribution_is_nothing():
    random = np.random.default_rng(0)
    first, second, other = random.normal(size=(500, 8)), random.normal(size=(500, 8)), random.normal(1, 1, (500, 8))
    assert abs(energy_distance(first, second)) < 0.02 < 0.5 < energy_distance(first, other)
    one, two = np.array([[0.0], [2.0]]), np.array([[1.0], [4.0]])
    assert energy_distance(one, two) == pytest.approx(2 * (1 + 4 + 1 + 2) / 4 - 2 - 3)


def test_kupiecs_test():
    exceeded = np.zeros(250, bool)
    exceeded[:9] = True
    share, p = kupiec(exceeded)
    ratio = -2 * (np.log(0.99**241 * 0.01**9) - np.log((1 - 9 / 250) ** 241 * (9 / 250) ** 9))
    assert share == 9 / 250 and p == pytest.approx(stats.chi2.sf(ratio, 1))
    assert kupiec(np.arange(1000) % 100 == 0)[1] == pytest.approx(1)
    assert np.isfinite(kupiec(np.zeros(100, bool))[1])


def test_the_quantile_of_a_mixture():
    one = mixture_quantile(np.array([[1.0]]), np.array([0.5]), np.array([2.0]), 0.01)
    assert one[0] == pytest.approx(stats.norm.ppf(0.01, 0.5, 2.0), abs=1e-5)
    two = mixture_quantile(np.array([[0.5, 0.5]]), np.array([0.0, 0.0]), np.array([1.0, 3.0]), 0.01)
    below = 0.5 * stats.norm.cdf(two[0]) + 0.5 * stats.norm.cdf(two[0] / 3)
    assert below == pytest.approx(0.01, abs=1e-5)


def test_blocks_are_pieces_of_the_past_and_ewma_by_hand():
    past = np.arange(100.0)
    drawn = block_bootstrap(past, 50, 64, 0)
    steps = np.diff(drawn, axis=1)
    assert drawn.shape == (50, 64) and (steps[:, np.arange(63) % 20 != 19] == 1).all()
    np.testing.assert_allclose(ewma_variance(np.array([2.0, 0.0, 1.0]), 1.0), [1, 0.94 + 0.06 * 4, 0.94 * 1.18])


def test_garch_is_found_again():
    pytest.importorskip("arch")
    found = fitted_garch(made_up())
    assert found is not None
    assert found.alpha == pytest.approx(0.1, abs=0.03) and found.beta == pytest.approx(0.88, abs=0.04)
    assert found.freedom == pytest.approx(5, abs=1)


def test_a_forecast_of_garch_is_better_than_a_constant_on_returns_of_garch():
    returns, process = made_up(), Garch(0.0, 0.02, 0.1, 0.88, 5.0)
    constant, own = np.full(len(returns), returns.var()), process.variance(returns, returns.var())
    assert qlike(own, returns) < qlike(constant, returns)
    assert process.windows(100, 64, 0).shape == (100, 64)
    forecasts = simple_forecasts(returns[:2400], returns, np.arange(2400, 3000))
    shares = {name: kupiec(returns[2400:] < forecast.risk)[0] for name, forecast in forecasts.items()}
    assert all(share < 0.05 for share in shares.values())


class Gives:
    """A model that generates windows of a process."""

    def __init__(self, process: Garch) -> None:
        self.process = process

    def generate(self, count: int, seed: int) -> Any:
        return self.process.windows(count, 64, seed)[..., None]


def test_what_stands_beside(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("aigc_tf.metrics.returns.facts.fitted_garch", lambda returns: None)
    source = open_source(ReturnsGAN())
    request = Request(part="test", samples=500)
    found = StylisedFacts().measure(Gives(Garch(0.0, 0.02, 0.1, 0.88, 5.0)), source, None, request)
    assert set(found.figures["energy_distance"].baselines) == {BLOCKS, GAUSSIAN}
    assert found.figures["clustering_error"].value < 0.3 and "left out" in found.protocol[GARCH]


def test_a_forecast_knows_nothing_of_the_days_after_it():
    random = np.random.default_rng(0)
    past, values = random.normal(size=400), random.normal(size=600)
    values[:400] = past
    wild = np.concatenate([values[:500], 50 * values[500:]])
    days = np.arange(450, 500)
    before, after = (simple_forecasts(past, all_of, days) for all_of in (values, wild))
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(before[name].variance, after[name].variance)
    garch = Garch(0.0, 0.05, 0.1, 0.85, 6.0)
    variance = garch.variance(wild, 1.0)
    np.testing.assert_array_equal(variance[:501], garch.variance(values, 1.0)[:501])
    assert variance[1] == pytest.approx(0.05 + 0.1 * values[0] ** 2 + 0.85)
