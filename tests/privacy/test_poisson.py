"""Batches are drawn as the accountant supposes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from aigc_tf.data.images.source import Split
from aigc_tf.engine.distribution import Workers
from aigc_tf.errors import InputError
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.poisson import PoissonSource, drawn
from aigc_tf.recipes.dp_vae import DPVAE


def source_of(count: int, expected: int, updates: int = 1) -> PoissonSource:
    """Images whose only pixel is their number."""
    images = np.arange(count, dtype=np.uint8).reshape(count, 1, 1, 1)
    promised = Guarantee(count, expected, updates, None, 0.0, 1e-5, ())
    split = Split(images, None)
    return PoissonSource("own", "", split, split, None, "", "", (), guarantee=promised)


def membership(source: PoissonSource, steps: int, seed: int = 0, first_step: int = 0) -> np.ndarray:
    """Which images are in which batch: bool `[steps * updates, images]`."""
    rows = []
    for batches in source.training_batches(10**6, seed, first_step).take(steps).as_numpy_iterator():
        for batch in batches:
            rows.append(np.zeros(len(source.train.images), bool))
            rows[-1][np.rint((batch[:, 0, 0, 0] + 1) * 127.5).astype(int)] = True
            assert rows[-1].sum() == len(batch)  # none twice
    return np.stack(rows)


def test_each_image_is_in_each_batch_with_the_same_probability_whatever_else_is():
    count, rate, batches = 200, 0.1, 1500
    found = membership(source_of(count, 20, updates=3), batches // 3)
    assert found.shape == (batches, count)
    # How often an image is drawn, and how large batches are, are binomial.
    for numbers, trials in ((found.sum(axis=0), batches), (found.sum(axis=1), count)):
        assert abs(numbers.mean() / (trials * rate) - 1) < 0.02
        dispersion = numbers.var(ddof=1) / (trials * rate * (1 - rate))
        low, high = stats.chi2.ppf([1e-5, 1 - 1e-5], len(numbers) - 1) / (len(numbers) - 1)
        assert low < dispersion < high
    correlations = np.corrcoef(found.T)[np.triu_indices(count, 1)]
    assert abs(correlations.mean()) < 0.002 and abs(correlations.std() * np.sqrt(batches) - 1) < 0.05
    following = np.mean(found[1:] & found[:-1])  # an image is in two batches in a row
    assert abs(following - rate**2) < 5 * np.sqrt(rate**2 / found[1:].size)


def test_batches_depend_on_seed_and_step_alone():
    source = source_of(100, 20, updates=2)
    whole = membership(source, 12)
    np.testing.assert_array_equal(whole[2 * 5 :], membership(source, 7, first_step=5))
    assert not np.array_equal(whole, membership(source, 12, seed=1))
    assert len({row.tobytes() for row in whole}) == 24


def test_several_replicas_are_refused():
    source, recipe = source_of(100, 32), DPVAE.tiny()
    assert Workers(None, 1, 0).examples_in_step(source, recipe) == 32
    two = SimpleNamespace(num_replicas_in_sync=2)
    with pytest.raises(InputError, match="the batches of dp_vae vary in size: give --strategy one"):
        Workers(two, 1, 0).examples_in_step(source, recipe)


@pytest.mark.parametrize(("rate", "size"), [(1.0, 50), (0.0, 0)])
def test_certain_and_impossible(rate: float, size: int):
    assert len(drawn(tf.constant(3, tf.int64), 50, rate, 0)) == size
