"""Labels come with their own images, and only sources that have some are taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aigc_tf.data.classes import ClassNames, LabelledSource, open_source
from aigc_tf.data.images.source import Split
from aigc_tf.errors import InputError
from aigc_tf.recipes.cgan import CGAN


def numbered(count: int) -> LabelledSource:
    """Images whose only pixel is their number, with its remainder by 3 as label."""
    values = np.arange(count)
    split = Split(values.astype(np.uint8).reshape(count, 1, 1, 1), values % 3)
    return LabelledSource("own", "", split, split, ("a", "b", "c"), "", "", ())


def batches(source: LabelledSource, count: int, first_step: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    taken = source.training_batches(4, seed=3, first_step=first_step).take(count).as_numpy_iterator()
    return [(np.rint((images.ravel() + 1) * 127.5).astype(int), labels) for images, labels in taken]


def test_labels_are_those_of_their_images_in_every_epoch():
    for numbers, labels in batches(numbered(7), 20):
        np.testing.assert_array_equal(labels, numbers % 3)
        assert labels.dtype == np.int32 and labels.shape == (4,)


def test_a_resumed_run_reads_on_where_it_stopped():
    whole, rest = batches(numbered(50), 10), batches(numbered(50), 4, first_step=6)
    for (images, labels), (same_images, same_labels) in zip(whole[6:], rest, strict=True):
        np.testing.assert_array_equal(images, same_images)
        np.testing.assert_array_equal(labels, same_labels)


def test_images_come_in_the_order_of_the_source_without_labels():
    source = numbered(50)
    plain = super(LabelledSource, source).training_batches(4, seed=3).take(5).as_numpy_iterator()
    for (numbers, _), images in zip(batches(source, 5), plain, strict=True):
        np.testing.assert_array_equal(numbers, np.rint((images.ravel() + 1) * 127.5))


def test_a_source_without_labels_is_refused_with_the_mend(pictures: Path):
    with pytest.raises(InputError, match=r"discs.npz has no labels, and cgan learns classes: give a folder") as error:
        open_source(CGAN(source=str(pictures)))
    assert "\n" not in str(error.value)


def test_the_shipped_set_has_classes():
    source = open_source(CGAN(source="fashion_mnist_10k"))
    assert source.classes.names == source.class_names and len(source.classes.names) == 10
    assert source.notes  # what the plain source says


def test_classes_by_name_and_number():
    classes = ClassNames(("cat", "7", "dog"))
    np.testing.assert_array_equal(classes.numbers(["dog", "0", 2, "7"]), [2, 0, 2, 1])  # a name comes first
    for wrong in ("3", "-1", "Cat"):
        with pytest.raises(InputError, match=f"there is no class {wrong}: choose one of cat, 7, dog, or its number"):
            classes.numbers([wrong])
    for wrong in (3, 7, -1, 1.0):
        with pytest.raises(InputError, match=rf"there is no class number {wrong}: .* or its number from 0 to 2"):
            classes.numbers([wrong])
    many = ClassNames(tuple(f"class {i}" for i in range(1000)))
    with pytest.raises(InputError) as error:
        many.numbers(["none"])
    assert len(str(error.value)) < 400


def test_a_number_is_never_taken_for_a_name():
    """Names are numerals where labels are numbers, and folders named by numbers come in the order of text."""
    from_one, folders = ClassNames(("1", "2", "3")), ClassNames(("0", "1", "10", "2"))
    for numbers in ([0, 1, 2], np.arange(3), np.arange(3, dtype=np.uint8)):
        np.testing.assert_array_equal(from_one.numbers(numbers), [0, 1, 2])
    np.testing.assert_array_equal(folders.numbers(np.arange(4)), [0, 1, 2, 3])
    np.testing.assert_array_equal(from_one.numbers(["1", "2", "3"]), [0, 1, 2])
    np.testing.assert_array_equal(folders.numbers(np.array(["10", "2"])), [2, 3])
    np.testing.assert_array_equal(folders.numbers(["2", 2]), [3, 2])


def test_classes_read_back_what_they_write():
    classes = ClassNames(("猫", "dog"))
    assert ClassNames.from_json(classes.to_json()) == classes
    for damaged in ("", "[]", "{}", '{"names": 3}'):
        with pytest.raises(InputError, match=r"classes.json is no list of classes"):
            ClassNames.from_json(damaged)
