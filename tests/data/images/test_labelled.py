"""Labels match their images, and sources without labels are refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.images.labelled import open_source
from aigc_tf.data.images.source import ImageSource
from aigc_tf.errors import InputError
from aigc_tf.recipes.cgan import CGAN
from aigc_tf.recipes.images import ImageSettings
from tests.sources import numbered, numbers_in


def batches(source: ImageSource, count: int, first_step: int = 0) -> list[dict[str, np.ndarray]]:
    return [*source.batches(4, seed=3, first_step=first_step).take(count).as_numpy_iterator()]


def test_labels_are_those_of_their_images_in_every_epoch():
    for batch in batches(numbered(7, labelled=True), 20):
        np.testing.assert_array_equal(batch["label"], numbers_in(batch["image"]) % 3)
        assert batch["label"].dtype == np.int32 and batch["label"].shape == (4,)


def test_labels_are_those_of_their_images_where_a_validation_part_is_cut_off():
    source = numbered(60, labelled=True).validated()
    assert len(source.validation.images) == 3
    for batch in [*batches(source, 20), *source.held_out("validation", 100), *source.held_out("train", 100)]:
        np.testing.assert_array_equal(batch["label"], numbers_in(batch["image"]) % 3)


def test_a_resumed_run_reads_on_where_it_stopped():
    source = numbered(50, labelled=True)
    for found, wanted in zip(batches(source, 4, first_step=6), batches(source, 10)[6:], strict=True):
        np.testing.assert_array_equal(found["image"], wanted["image"])
        np.testing.assert_array_equal(found["label"], wanted["label"])


def test_images_come_in_the_order_of_the_source_without_labels():
    for labelled, plain in zip(batches(numbered(50, labelled=True), 5), batches(numbered(50), 5), strict=True):
        np.testing.assert_array_equal(labelled["image"], plain["image"])
        assert set(plain) == {"image"}


def test_a_source_without_labels_is_refused_with_the_mend(pictures: Path):
    with pytest.raises(InputError, match="no labels, and cgan learns classes: give a folder") as error:
        open_source(CGAN(source=str(pictures)))
    assert "\n" not in str(error.value)


def test_the_shipped_set_has_classes():
    source = open_source(CGAN(source="fashion_mnist_10k"))
    assert source.assets["classes"].names == source.class_names and len(source.class_names) == 10
    assert source.labelled
    assert source.notes  # from the plain source


def test_classes_by_name_and_number():
    classes = ClassNames(("cat", "7", "dog"))
    np.testing.assert_array_equal(classes.numbers(["dog", "0", 2, "7"]), [2, 0, 2, 1])  # names have precedence
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
    """Numeric labels give numerals as names, and numbered folders are sorted as text."""
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
        with pytest.raises(InputError, match=r"classes.json is not a list of classes"):
            ClassNames.from_json(damaged)


def npz(path: Path, **arrays: np.ndarray) -> str:
    np.savez(path / "own.npz", **arrays)
    return str(path / "own.npz")


def test_classes_without_training_images_are_left_out_and_named(tmp_path: Path, random: np.random.Generator):
    images = random.integers(0, 256, (40, 28, 28), np.uint8)
    labels = np.array([0, 1, 3, 5, 5, 5, 5, 1, 3, 0])
    given = npz(tmp_path, x_train=images[:30], y_train=np.array([1, 5] * 15), x_test=images[30:], y_test=labels)
    source = open_source(CGAN(source=given))
    assert source.class_names == ("1", "5") and source.assets["classes"].names == ("1", "5")
    assert source.train.labels.tolist() == [0, 1] * 15 and source.test.labels.tolist() == [0, 1, 1, 1, 1, 0]
    np.testing.assert_array_equal(np.asarray(source.test.images)[..., 0], images[[31, 33, 34, 35, 36, 37]])
    assert source.notes[-1] == (
        "warning: 2 of 4 classes have no training images (held out, or unreadable) and are left out, with their test "
        "images: 0, 3"
    )


def test_a_class_of_which_all_is_held_out_or_unreadable_is_left_out(tmp_path: Path, random: np.random.Generator):
    for name, count in (("a", 30), ("b", 30), ("rare", 0), ("broken", 0)):
        (tmp_path / name).mkdir()
        for number in range(count):
            Image.fromarray(random.integers(0, 256, (28, 28), np.uint8)).save(tmp_path / name / f"{number}.png")
    (tmp_path / "broken" / "1.png").write_text("no picture")
    candidates = random.integers(0, 256, (1000, 28, 28), np.uint8)
    held_out = next(pixels for pixels in candidates if hashlib.sha256(pixels.tobytes()).digest()[0] < 25)
    Image.fromarray(held_out).save(tmp_path / "rare" / "1.png")
    source = open_source(CGAN(source=str(tmp_path), images=ImageSettings(max_unreadable=0.1)))
    assert source.class_names == ("a", "b") and source.notes[-1].endswith("test images: broken, rare")
    assert set(source.test.labels.tolist()) <= {0, 1} and len(source.test.labels) == len(source.test.images)


def test_a_single_class_is_refused_before_training(tmp_path: Path, random: np.random.Generator):
    images = random.integers(0, 256, (30, 28, 28), np.uint8)
    with pytest.raises(InputError, match="training images of only one class, 7, and cgan learns to tell classes"):
        open_source(CGAN(source=npz(tmp_path, images=images, labels=np.full(30, 7))))
