"""The examples in a step's batch depend only on the seed and the step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from aigc_tf.data.order import Order, Poisson, PoissonSampled, Shuffled, Tabulated, shuffled
from tests.sources import numbered, numbers_in


def examples(order: Order, steps: range, rows: slice = slice(None)) -> np.ndarray:
    """int64 `[steps, batch]`."""
    return np.stack([order.rows(tf.constant(step, tf.int64), rows).examples.numpy() for step in steps])


def test_every_epoch_has_every_example_once_in_an_order_of_its_own():
    # 7 examples in batches of 3: the second epoch begins inside the third batch.
    epochs = examples(Shuffled(7, 3, seed=5), range(14)).reshape(6, 7)
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 6
    assert all(list(epoch) != list(range(7)) for epoch in epochs)


@pytest.mark.parametrize("count", [1, 2, 3, 200])
def test_epochs_are_whole_for_any_number_of_examples(count: int):
    epochs = examples(Shuffled(count, 4, seed=0), range(count)).reshape(4, count)
    assert all(sorted(epoch) == list(range(count)) for epoch in epochs)


def test_seeds_give_other_orders_also_when_they_differ_beyond_32_bits():
    seeds = (0, 1, 2**32, 2**64, 2**64 + 1)
    assert len({examples(Shuffled(50, 8, seed), range(6)).tobytes() for seed in seeds}) == 5


def test_places_of_an_example_in_its_epochs_are_spread_evenly():
    epochs, count = 400, 20
    order = shuffled(tf.range(epochs * count, dtype=tf.int64), count, seed=1).numpy().reshape(epochs, count)
    spread = order.mean(axis=0).std() / np.sqrt((count**2 - 1) / 12 / epochs)
    assert 0.5 < spread < 1.6  # 1 is expected; a repeating order gives about 20
    shared = order[:-1] == order[1:]
    assert abs(shared.sum(axis=1).mean() - 1) < 0.2  # two independent permutations agree in one position on average


def test_the_order_is_the_same_eager_and_in_a_pipeline():
    positions = tf.range(100, dtype=tf.int64)
    eager = shuffled(positions, 30, seed=9).numpy()
    mapped = tf.data.Dataset.from_tensor_slices(positions).batch(7).map(lambda part: shuffled(part, 30, 9))
    np.testing.assert_array_equal(eager, np.concatenate(list(mapped.as_numpy_iterator())))


def table(step: int) -> tuple[np.ndarray, np.bool_]:
    return np.arange(8) * 100 + int(step), np.bool_(step > 2)


@pytest.mark.parametrize("order", [Shuffled(50, 8, seed=3), Tabulated(8, table)])
def test_slices_of_rows_together_are_the_whole_batch(order: Order):
    whole = examples(order, range(12))
    parts = [examples(order, range(12), slice(first, first + 2)) for first in range(0, 8, 2)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


def test_rows_know_their_place_in_the_endless_sequence():
    order = Shuffled(50, 8, seed=3)
    for rows, first in ((slice(None), 40), (slice(4, 8), 44)):
        found = order.rows(tf.constant(5, tf.int64), rows)
        assert int(found.position) == first and not found.continues
        np.testing.assert_array_equal(
            found.examples, shuffled(found.position + tf.range(len(found.examples), dtype=tf.int64), 50, 3)
        )
    assert [bool(Tabulated(8, table).rows(tf.constant(step, tf.int64)).continues) for step in range(5)] == [
        False,
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: numbered(3).batches(0, 0), "batch_size 0, seed 0: expected 1 or more"),
        (lambda: numbered(3).batches(1, -1), "batch_size 1, seed -1: expected"),
        (lambda: numbered(3).batches(1, 0, -1), "first_step is -1: expected 0 or more"),
        (lambda: numbered(3, poisson=Poisson(0.5, 1)).batches(2, 0, rows=slice(0, 1)), "cannot be divided"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(make: Callable[[], object], message: str):
    with pytest.raises(ValueError, match=message):
        make()


def held(batches: tf.data.Dataset, steps: int) -> list[list[int]]:
    """Examples in each batch, also for batches in tuples."""
    taken = batches.take(steps).as_numpy_iterator()
    parts = [part for step in taken for part in (step if isinstance(step, tuple) else (step,))]
    return [numbers_in(part["image"]).tolist() for part in parts]


@pytest.mark.parametrize(("poisson", "in_a_step"), [(None, 1), (Poisson(0.2, 2), 2)])
def test_batches_depend_on_seed_and_step_alone(poisson: Poisson | None, in_a_step: int):
    source = numbered(100, poisson=poisson)
    whole = held(source.batches(8, 3), 20)
    assert held(numbered(100, poisson=poisson).batches(8, 3), 20) == whole
    assert held(source.batches(8, 3, first_step=13), 7) == whole[13 * in_a_step :]
    assert held(source.batches(8, 4), 20) != whole
    assert len({tuple(batch) for batch in whole}) == 20 * in_a_step


def test_batches_can_be_read_twice_from_the_start():
    batches = numbered(9).batches(4, seed=0)
    assert held(batches, 5) == held(batches, 5)


def test_shares_of_workers_are_the_rows_of_the_whole_batch():
    source = numbered(50)
    whole = held(source.batches(8, 1, 2), 6)
    shares = [held(source.batches(8, 1, 2, rows=slice(first, first + 4)), 6) for first in (0, 4)]
    assert [first + second for first, second in zip(*shares, strict=True)] == whole


def membership(count: int, poisson: Poisson, steps: int, seed: int = 0) -> np.ndarray:
    """Membership of examples in batches: bool `[steps * batches per step, examples]`."""
    rows = []
    for batch in held(numbered(count, poisson=poisson).batches(10**6, seed), steps):
        rows.append(np.zeros(count, bool))
        rows[-1][batch] = True
        assert rows[-1].sum() == len(batch)  # without replacement
    return np.stack(rows)


def test_poisson_sampling_takes_each_example_with_the_same_probability_whatever_else_it_takes():
    count, rate, batches = 200, 0.1, 1500
    found = membership(count, Poisson(rate, 3), batches // 3)
    assert found.shape == (batches, count)
    # The number of draws of an example and the batch size are binomial.
    for numbers, trials in ((found.sum(axis=0), batches), (found.sum(axis=1), count)):
        assert abs(numbers.mean() / (trials * rate) - 1) < 0.02
        dispersion = numbers.var(ddof=1) / (trials * rate * (1 - rate))
        low, high = stats.chi2.ppf([1e-5, 1 - 1e-5], len(numbers) - 1) / (len(numbers) - 1)
        assert low < dispersion < high
    correlations = np.corrcoef(found.T)[np.triu_indices(count, 1)]
    assert abs(correlations.mean()) < 0.002 and abs(correlations.std() * np.sqrt(batches) - 1) < 0.05
    following = np.mean(found[1:] & found[:-1])  # an example is in two consecutive batches
    assert abs(following - rate**2) < 5 * np.sqrt(rate**2 / found[1:].size)


@pytest.mark.parametrize(("rate", "size"), [(1.0, 50), (0.0, 0)])
def test_certain_and_impossible(rate: float, size: int):
    assert len(PoissonSampled(50, rate, 0).drawn(tf.constant(3, tf.int64))) == size
