"""Images from Python arrays."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.data.images import arrays
from aigc_tf.data.images.opening import ImageSource
from aigc_tf.errors import InputError
from tests.data.conftest import Opener

GREY = np.zeros((40, 4, 4, 1), np.uint8)
GREY[:, 0, 0, 0] = np.arange(40)
LABELS = np.arange(40) % 3
EXAMPLES = tf.data.Dataset.from_tensor_slices((GREY, LABELS))
IMAGES = tf.data.Dataset.from_tensor_slices(GREY)


def contents(source: ImageSource) -> list[bytes]:
    return sorted(image.tobytes() for split in (source.train, source.test) for image in split.images)


EXPECTED = sorted(image.tobytes() for image in GREY)


@pytest.mark.parametrize(
    "data",
    [
        GREY,
        GREY[..., 0],
        GREY / 255,
        np.float16(GREY / 255),
        tf.constant(GREY),
        IMAGES,
        IMAGES.batch(7),
        IMAGES.batch(8, drop_remainder=True),
        tf.data.Dataset.from_tensor_slices(GREY[..., 0]),
        tf.data.Dataset.from_tensor_slices(GREY[..., 0]).batch(40),
        tf.data.Dataset.from_tensor_slices(np.repeat(GREY, 3, -1)),
        tf.data.Dataset.from_tensor_slices(np.float32(GREY / 255)).batch(16),
    ],
)
def test_each_form_gives_the_same_images(data: object, opened: Opener) -> None:
    source = opened("no such source is looked for", data=data)
    assert contents(source) == EXPECTED
    assert source.class_names is None and source.train.labels is None
    assert source.name == "data given from Python" and source.dataset == ""


@pytest.mark.parametrize(
    "data",
    [
        EXAMPLES,
        EXAMPLES.batch(9),
        EXAMPLES.map(lambda x, y: (x, tf.reshape(y, [1]))).batch(5),
        (GREY, LABELS),
        (GREY / 255, LABELS[:, np.newaxis].astype(np.uint8)),  # as in Keras
        (tf.constant(GREY), list(LABELS)),
    ],
)
def test_labels_come_along(data: object, opened: Opener) -> None:
    source = opened(data=data)
    assert source.class_names == ("0", "1", "2") and contents(source) == EXPECTED
    for split in (source.train, source.test):
        np.testing.assert_array_equal(split.labels, LABELS[split.images[:, 0, 0, 0]])


def test_labels_may_be_names(opened: Opener) -> None:
    names = np.array(["cat", "dog", "叶"])
    source = opened(data=(GREY, names[LABELS]))
    assert source.class_names == ("cat", "dog", "叶")
    np.testing.assert_array_equal(source.train.labels, LABELS[source.train.images[:, 0, 0, 0]])


def test_data_sets_of_images_of_different_sizes_are_brought_to_one(opened: Opener) -> None:
    def images():
        for size in range(4, 24):
            yield np.full((size, 30 - size, 3), size, np.uint8)

    spec = tf.TensorSpec((None, None, 3), tf.uint8)
    data = tf.data.Dataset.from_generator(images, output_signature=spec)
    source = opened(data=data.apply(tf.data.experimental.assert_cardinality(20)))
    every = np.concatenate([source.train.images, source.test.images])
    assert every.shape == (20, 4, 4, 1)
    assert sorted(every[:, 2, 2, 0]) == list(range(4, 24))


def test_an_array_is_copied(opened: Opener) -> None:
    mine = GREY.copy()
    source = opened(data=mine)
    mine[:] = 9
    assert contents(source) == EXPECTED


def test_large_arrays_are_worked_on_in_parts(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = opened(data=GREY / 255)
    monkeypatch.setattr(arrays, "_CHUNK_BYTES", 300)
    assert opened(data=GREY / 255).fingerprint == whole.fingerprint


def test_float_levels_are_rounded_to_the_nearest(opened: Opener) -> None:
    data = np.full((2, 4, 4), 0.5, np.float32)
    data[:, 0] = 100.4 / 255
    data[:, 1] = 1
    assert opened(data=data).train.images[0, :, 0, 0].tolist() == [100, 255, 128, 128]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([[1, 2]], "data is a list: expected images, a pair"),
        ((GREY, LABELS[:39]), r"labels that are int64 of shape \[39\]: expected 40 integers or names"),
        ((GREY, LABELS / 2), "labels that are float64"),
        (((GREY, LABELS), (GREY, LABELS)), "data is a tuple: expected images, a pair"),
        ("photos", "data is a str"),
        (GREY.astype(object), "data is object of shape"),
        (GREY.astype(np.float32), "values from 0 to 39"),
        (GREY[:0], "it is empty"),
        (
            np.zeros((28, 28, 3), np.uint8),
            r"\[28, 28, 3\], which may be one image of 3 channels or 28 of one: add an axis",
        ),
        (GREY[0], r"\[4, 4, 1\], which may be one image of 1 channels or 4 of one: add an axis"),
        (GREY[:1], "1 images to train on: give more, at least 2"),
        (GREY.reshape(40, 16), r"shape \[40, 16\]: expected"),
        (IMAGES.repeat(), "without end: remove repeat"),
        (IMAGES.filter(lambda image: True), "unknown length.*assert_cardinality"),
        (IMAGES.take(0), "empty tf.data.Dataset"),
        (tf.data.Dataset.range(4), r"images of shape \(\)"),
        (tf.data.Dataset.from_tensor_slices({"image": GREY}), r"elements \{'image'.*map them to an image or to"),
        (tf.data.Dataset.from_tensor_slices((GREY, LABELS, LABELS)), "map them to an image or to"),
        (tf.data.Dataset.from_tensor_slices((GREY, {"label": LABELS})), "map them to an image or to"),
        (tf.data.Dataset.from_tensor_slices(GREY.astype(np.int32)), "int32 of shape"),
        (tf.data.Dataset.from_tensor_slices(GREY.astype(np.float32)), "with values from 0 to"),
        (tf.data.Dataset.from_tensor_slices((GREY, LABELS / 2)), "labels that are float64"),
    ],
)
def test_what_cannot_be_used_is_refused(data: object, message: str, opened: Opener) -> None:
    with pytest.raises(InputError, match=message):
        opened(data=data)


def test_images_of_unknown_shape_are_refused(opened: Opener) -> None:
    for shape in ((None, None, None), None):
        spec = tf.TensorSpec(shape, tf.uint8)
        data = tf.data.Dataset.from_generator(lambda: iter(GREY), output_signature=spec)
        with pytest.raises(InputError, match="set their shape"):
            opened(data=data.apply(tf.data.experimental.assert_cardinality(40)))


def test_one_colour_picture_is_read_with_an_axis_in_front(opened: Opener) -> None:
    data = np.zeros((28, 28, 3), np.uint8)
    assert len(opened(data=data[..., np.newaxis], channels=3).train.images) == 28
    with pytest.raises(InputError, match="1 images to train on"):
        opened(data=data[np.newaxis], channels=3)


def test_a_test_part_that_is_too_small_is_told_with_what_to_do(opened: Opener) -> None:
    (_, note) = opened(data=np.repeat(GREY[:1], 5, 0)).notes
    assert note.startswith(
        "warning: no images are available to test on, and at least 2 are needed to measure a model: give"
    )
