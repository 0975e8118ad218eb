"""Fitted modes, encoding and decoding of rows, and training-by-sampling frequencies as in the paper."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.data.tables.modes import fit_modes
from aigc_tf.data.tables.opening import open_source
from aigc_tf.data.tables.sampling import ByCondition
from aigc_tf.data.tables.scheme import Category, Number, Scheme
from aigc_tf.data.tables.source import TableSource
from aigc_tf.errors import InputError
from aigc_tf.recipes.table_gan import TableGAN


@pytest.fixture(scope="module")
def source() -> TableSource:
    return open_source(TableGAN())


def test_modes_of_a_mixture():
    random = np.random.default_rng(0)
    values = np.concatenate([random.normal(-5, 1, 700), random.normal(20, 3, 300)])
    modes = fit_modes(values, 10)
    np.testing.assert_allclose(modes.means, [-5, 20], atol=0.4)
    np.testing.assert_allclose(modes.deviations, [1, 3], rtol=0.15)
    np.testing.assert_allclose(modes.shares, [0.7, 0.3], atol=0.02)


def test_modes_are_those_of_scikit_learn():
    mixture = pytest.importorskip("sklearn.mixture")
    random = np.random.default_rng(1)
    values = np.concatenate([random.normal(0, 1, 300), random.normal(8, 2, 150)])
    modes = fit_modes(values, 10)
    other = mixture.GaussianMixture(2, tol=1e-6, random_state=0).fit(values[:, None])
    np.testing.assert_allclose(modes.means, np.sort(other.means_[:, 0]), rtol=0.02, atol=0.02)


def test_one_normal_distribution_has_one_mode_and_two_values_do_not_fail():
    assert len(fit_modes(np.random.default_rng(0).normal(1e6, 5, 500), 10).means) == 1
    modes = fit_modes(np.array([0.0] * 30 + [1.0]), 10)
    assert np.isfinite(modes.deviations).all() and (modes.deviations > 0).all()


def test_rows_come_back(source: TableSource):
    scheme, rows = source.scheme, source.train
    encoded = scheme.encode(rows)
    numbers = len(scheme.numeric)
    assert encoded.shape == (len(rows), scheme.width) and np.abs(encoded[:, :numbers]).max() <= 1
    choices = np.stack(
        [encoded[:, start : start + size].argmax(1) for start, size in zip(scheme.starts, scheme.sizes, strict=True)], 1
    )
    for start, size in zip(scheme.starts, scheme.sizes, strict=True):
        np.testing.assert_array_equal(encoded[:, start : start + size].sum(1), 1)
    again = scheme.decode(encoded[:, :numbers], choices)
    inside = np.abs(encoded[:, :numbers]).max(axis=1) < 1  # numbers are clipped beyond four deviations
    assert inside.mean() > 0.97
    np.testing.assert_allclose(again[inside], rows[inside])
    assert None in scheme.cells(again)[:, scheme.place("weight")]


def test_json_gives_the_scheme_back(source: TableSource):
    assert Scheme.from_json(source.scheme.to_json()) == source.scheme


@pytest.mark.parametrize(
    "change",
    [
        {"shares": []},
        {"means": []},
        {"deviations": [-1.0]},
        {"low": 9e9},
        {"kind": "other"},
        {"decimals": "x"},
        {"means": [float("nan")]},
    ],
)
def test_a_damaged_scheme_is_refused(change: dict[str, object]):
    column = {"kind": "number", **dataclasses.asdict(Number("a", (1.0,), (0.0,), (1.0,), -1.0, 1.0, 2))}
    with pytest.raises(InputError, match=r"scheme\.json is not a list of columns"):
        Scheme.from_json(json.dumps({"columns": [column | change]}))


def test_the_card_says_what_is_not_covered(source: TableSource):
    section = source.scheme.card_section(0)
    assert "- sex: category (female, male)" in section and "differential privacy" in section


def test_rare_names_are_drawn_by_the_logarithm_of_their_count():
    names = np.repeat([0.0, 1.0], [990, 10])
    scheme = Scheme((Category("a", (0.99, 0.01), ("x", "y")),))
    order = ByCondition(scheme, names[:, None], 4000, 0)
    drawn = names[order.drawn(3)]
    expected = np.log(11) / (np.log(11) + np.log(991))
    assert drawn.mean() == pytest.approx(expected, abs=0.03)
    np.testing.assert_array_equal(order.drawn(3), order.drawn(3))


def test_a_batch_has_the_name_by_which_each_row_was_drawn(source: TableSource):
    batch = next(iter(source.batches(40, seed=1)))
    row, condition = batch["row"].numpy(), batch["condition"].numpy()
    np.testing.assert_array_equal(condition.sum(axis=1), 1)
    scheme = source.scheme
    own = np.concatenate([row[:, scheme.starts[at] :][:, : scheme.sizes[at]] for at in scheme.categories], axis=1)
    assert (own[condition > 0] == 1).all() and condition.sum(axis=0).min() > 0
    half = next(iter(source.batches(40, seed=1, rows=slice(20, 40))))
    np.testing.assert_array_equal(half["condition"].numpy(), condition[20:])
    assert tf.reduce_all(half["row"] == row[20:])
