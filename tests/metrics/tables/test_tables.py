"""Table metrics: against references, and for copies and shuffled columns."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from aigc_tf.data.tables.opening import open_source
from aigc_tf.data.tables.source import TableSource
from aigc_tf.metrics.evaluator import Request
from aigc_tf.metrics.tables.baselines import BOOTSTRAP, COPULA, copula
from aigc_tf.metrics.tables.copies import Copies, placed
from aigc_tf.metrics.tables.fidelity import (
    Fidelity,
    associations,
    cramers_v,
    kolmogorov_smirnov,
    marginal_distances,
    range_edges,
)
from aigc_tf.metrics.tables.ranking import area_under_curve
from aigc_tf.metrics.tables.utility import REAL, Utility, mean_area, response_error
from aigc_tf.recipes.table_gan import TableGAN
from aigc_tf.recipes.tables import TableSettings


@pytest.fixture(scope="module")
def source() -> TableSource:
    return open_source(TableGAN())


class Gives:
    """A model that returns rows of a source's part, or independently shuffled columns."""

    def __init__(self, rows: np.ndarray, apart: bool = False) -> None:
        self.rows, self.apart = rows, apart

    def values(self, count: int, seed: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        rows = self.rows[random.integers(len(self.rows), size=count)]
        return random.permuted(rows, axis=0) if self.apart else rows


def test_the_area_under_the_curve_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(0)
    positive, negative = random.integers(2, 9, 50), random.integers(0, 7, 80)
    expected = metrics.roc_auc_score([1] * 50 + [0] * 80, np.concatenate([positive, negative]))
    assert area_under_curve(positive, negative) == pytest.approx(expected)
    chances, truth = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]), np.array([0.0, 1.0, 2.0])
    assert mean_area(chances, truth, {0.0: 0, 1.0: 1}) == pytest.approx((1 + 1 + 0.5) / 3)


def test_distances_are_those_of_scipy():
    random = np.random.default_rng(0)
    first, second = random.normal(0, 1, 80), random.normal(0.5, 2, 60)
    assert kolmogorov_smirnov(first, second) == pytest.approx(stats.ks_2samp(first, second).statistic)
    one, other = random.integers(0, 3, 200), random.integers(0, 4, 200)
    table = np.array([[((one == a) & (other == b)).sum() for b in range(4)] for a in range(3)])
    assert cramers_v(one, other) == pytest.approx(stats.contingency.association(table, "cramer"))


def test_rows_themselves_have_no_distance(source: TableSource):
    scheme, rows = source.scheme, source.train
    assert not marginal_distances(scheme, rows, rows).any()
    edges = range_edges(scheme, rows)
    np.testing.assert_array_equal(associations(scheme, rows, edges), associations(scheme, rows, edges))
    assert response_error(scheme, rows, rows, source.target) == 0


def test_the_copula_keeps_marginals_and_rank_correlations(source: TableSource):
    scheme, rows = source.scheme, source.train
    made = copula(scheme, rows, 5000, 0)
    assert marginal_distances(scheme, made, rows).max() < 0.03
    at = [scheme.place("dose"), scheme.place("response")]
    found, wanted = (stats.spearmanr(part[:, at[0]], part[:, at[1]]).statistic for part in (made, rows))
    assert found == pytest.approx(wanted, abs=0.05)
    assert {str(cell) for cell in scheme.cells(made)[:, scheme.place("sex")]} == {"female", "male"}


def test_shuffled_columns_keep_marginals_and_lose_the_rest(source: TableSource):
    request = Request(part="test", samples=2000)
    found = [Fidelity().measure(Gives(source.train, apart), source, None, request).figures for apart in (False, True)]
    kept, lost = ({name: figure.value for name, figure in figures.items()} for figures in found)
    assert lost["marginal_distance"] == pytest.approx(kept["marginal_distance"], abs=0.01)
    assert lost["association_error"] > 2 * kept["association_error"]
    assert set(found[0]["marginal_distance"].baselines) == {COPULA, BOOTSTRAP}


def test_copies_are_seen(source: TableSource):
    request = Request(part="test", samples=2000)
    figures = Copies().measure(Gives(source.train), source, None, request).figures
    assert figures["nearest_ratio"].value == 0 and figures["membership_auc"].value > 0.75
    new = Copies().measure(Gives(source.test), source, None, request).figures
    assert new["nearest_ratio"].value == pytest.approx(1, abs=0.15) and new["membership_auc"].value < 0.3
    assert figures["membership_auc"].baselines[COPULA] == pytest.approx(0.5, abs=0.08)


def test_places_have_distances_that_compare(source: TableSource):
    scheme = source.scheme
    rows = source.train[:1].repeat(2, axis=0)
    rows[1, scheme.place("sex")] = 1 - rows[0, scheme.place("sex")]
    vectors = placed(scheme, rows, source.train)
    assert np.linalg.norm(vectors[0] - vectors[1]) == pytest.approx(1)


def test_train_on_synthetic_test_on_real(source: TableSource):
    pytest.importorskip("sklearn")
    request = Request(part="test", samples=2000)
    kept, lost = (
        Utility().measure(Gives(source.train, apart), source, None, request).figures for apart in (False, True)
    )
    assert kept["tstr_auc"].value > 0.85 > 0.65 > lost["tstr_auc"].value
    assert kept["tstr_auc"].baselines[REAL] > 0.85 and kept["response_error"].value < lost["response_error"].value
    number = open_source(TableGAN(table=TableSettings(target="response")))
    assert Utility().measure(Gives(number.train), number, None, request).figures["tstr_r2"].value > 0.7


def test_without_scikit_learn_that_figure_is_left_out(source: TableSource, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = Utility().measure(Gives(source.train), source, None, Request(part="test", samples=200))
    assert set(found.figures) == {"response_error"} and "not installed" in found.protocol["tstr"]
