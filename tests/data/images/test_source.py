"""The order in which training sees images, and the range in which it sees them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.data.images.opening import ImageSource, Split, to_unit
from aigc_tf.data.images.source import shuffled
from aigc_tf.data.throughput import images_per_second


def source_of(images: np.ndarray, labels: np.ndarray | None = None) -> ImageSource:
    return ImageSource("own", "", Split(images, labels), Split(images[:1], None), None, "", "", ())


def numbered(count: int) -> ImageSource:
    """Images whose only pixel is their number."""
    return source_of(np.arange(count, dtype=np.uint8).reshape(count, 1, 1, 1))


def numbers(source: ImageSource, batches: int, batch_size: int, seed: int, first_step: int = 0) -> np.ndarray:
    """Which images the batches hold: int `[batches, batch_size]`."""
    taken = source.training_batches(batch_size, seed, first_step).take(batches)
    return np.stack([np.rint((batch[:, 0, 0, 0] + 1) * 127.5).astype(int) for batch in taken.as_numpy_iterator()])


def test_every_epoch_shows_every_image_once_in_an_order_of_its_own() -> None:
    # 7 images in batches of 3: the second epoch begins inside the third batch.
    epochs = numbers(numbered(7), 14, 3, seed=5).reshape(6, 7)
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 6
    assert all(list(epoch) != list(range(7)) for epoch in epochs)


@pytest.mark.parametrize("count", [1, 2, 3, 200])
def test_epochs_are_whole_for_any_number_of_images(count: int) -> None:
    epochs = numbers(numbered(count), count, 4, seed=0).reshape(4, count)
    assert all(sorted(epoch) == list(range(count)) for epoch in epochs)


def test_batches_depend_on_seed_and_step_alone() -> None:
    whole = numbers(numbered(50), 40, 8, seed=3)
    np.testing.assert_array_equal(whole, numbers(numbered(50), 40, 8, seed=3))
    np.testing.assert_array_equal(whole[17:], numbers(numbered(50), 23, 8, seed=3, first_step=17))


def test_seeds_give_other_orders_also_when_they_differ_beyond_32_bits() -> None:
    orders = [tuple(numbers(numbered(50), 6, 8, seed).ravel()) for seed in (0, 1, 2**32, 2**64, 2**64 + 1)]
    assert len(set(orders)) == 5


def test_places_of_an_image_in_its_epochs_are_spread_evenly() -> None:
    epochs, count = 400, 20
    order = shuffled(tf.range(epochs * count, dtype=tf.int64), count, seed=1).numpy().reshape(epochs, count)
    spread = order.mean(axis=0).std() / np.sqrt((count**2 - 1) / 12 / epochs)
    assert 0.5 < spread < 1.6  # 1 is expected; an order that repeats gives about 20
    first = order[:-1] == order[1:]
    assert abs(first.sum(axis=1).mean() - 1) < 0.2  # two independent orders share one place on average


def test_order_is_the_same_eager_and_in_a_pipeline() -> None:
    positions = tf.range(100, dtype=tf.int64)
    eager = shuffled(positions, 30, seed=9).numpy()
    mapped = tf.data.Dataset.from_tensor_slices(positions).batch(7).map(lambda part: shuffled(part, 30, 9))
    np.testing.assert_array_equal(eager, np.concatenate(list(mapped.as_numpy_iterator())))


def test_values_span_the_unit_range_exactly_and_can_be_turned_back() -> None:
    levels = np.arange(256, dtype=np.uint8)
    unit = to_unit(levels)
    assert unit.dtype == np.float32
    assert unit.min() == -1 and unit.max() == 1
    np.testing.assert_array_equal(np.rint((unit + 1) * 127.5).astype(np.uint8), levels)
    np.testing.assert_allclose(np.diff(unit), 2 / 255, rtol=1e-4)


def test_batches_are_the_normalised_images(random: np.random.Generator) -> None:
    images = random.integers(0, 256, (10, 3, 5, 3), np.uint8)
    (batch,) = source_of(images).training_batches(10, seed=0).take(1).as_numpy_iterator()
    order = shuffled(tf.range(10, dtype=tf.int64), 10, seed=0).numpy()
    np.testing.assert_array_equal(batch, to_unit(images)[order])
    spec = source_of(images).training_batches(4, seed=0).element_spec
    assert spec == tf.TensorSpec((4, 3, 5, 3), tf.float32)


@pytest.mark.parametrize("arguments", [(0, 0, 0), (1, -1, 0), (1, 0, -1)])
def test_numbers_that_make_no_sense_are_refused(arguments: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="expected a positive batch_size"):
        numbered(3).training_batches(*arguments)


def test_fingerprint_changes_with_every_part(random: np.random.Generator) -> None:
    images = random.integers(0, 256, (6, 2, 4, 1), np.uint8)
    changed = images.copy()
    changed[3, 1, 1, 0] ^= 1
    labels = np.arange(6)
    variants = [
        source_of(images),
        source_of(changed),
        source_of(images.reshape(6, 4, 2, 1)),
        source_of(images[::-1]),
        source_of(images, labels),
        source_of(images, labels[::-1]),
        ImageSource("own", "", Split(images, None), Split(images[:2], None), None, "", "", ()),
    ]
    assert len({variant.fingerprint for variant in variants}) == len(variants)
    again = ImageSource("renamed", "x", Split(images.copy(), None), Split(images[:1], None), ("a",), "y", "z", ("n",))
    assert again.fingerprint == variants[0].fingerprint


def test_the_pipeline_is_far_faster_than_training(random: np.random.Generator) -> None:
    source = source_of(random.integers(0, 256, (2000, 28, 28, 1), np.uint8))
    assert images_per_second(source, 32, seconds=0.3) > 20 * 600


def test_batches_can_be_read_twice_from_the_start() -> None:
    batches = numbered(9).training_batches(4, seed=0)
    once, twice = ([batch.tobytes() for batch in itertools.islice(batches.as_numpy_iterator(), 5)] for _ in range(2))
    assert once == twice
