""".npz files, valid and invalid."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from aigc_tf.errors import InputError
from tests.data.conftest import Opener

GREY = np.arange(40 * 16, dtype=np.uint8).reshape(40, 4, 4)


def saved(path: Path, *unnamed: np.ndarray, **arrays: np.ndarray) -> Path:
    np.savez(path / "images.npz", *unnamed, **arrays)
    return path / "images.npz"


def both(split_arrays: tuple[np.ndarray, np.ndarray]) -> list[bytes]:
    return sorted(image.tobytes() for part in split_arrays for image in part)


@pytest.mark.parametrize("images", [GREY, GREY[..., np.newaxis], GREY[..., np.newaxis].repeat(3, -1)])
@pytest.mark.parametrize("name", ["images", "x_train", None])
def test_images_without_labels(images: np.ndarray, name: str | None, tmp_path: Path, opened: Opener) -> None:
    path = saved(tmp_path, images) if name is None else saved(tmp_path, **{name: images})
    source = opened(path)
    assert source.name == str(path) and source.dataset == "" and source.class_names is None
    assert both((source.train.images, source.test.images)) == both((GREY[..., np.newaxis], GREY[:0]))
    assert source.train.labels is None and source.test_split == "10 % held out by content hash"


def test_labels_are_numbered_and_stay_with_their_images(tmp_path: Path, opened: Opener) -> None:
    values = np.array([-7, 300, 5, 5] * 10, np.int16)
    images = np.zeros((40, 4, 4), np.uint8)
    images[:, 0, 0] = np.arange(40)
    source = opened(saved(tmp_path, images=images, labels=values))
    assert source.class_names == ("-7", "5", "300")
    for split in (source.train, source.test):
        assert split.labels is not None and split.labels.dtype == np.int64
        for image, label in zip(split.images, split.labels, strict=True):
            assert source.class_names[label] == str(values[image[0, 0, 0]])


def test_the_form_of_keras_has_its_own_test_split(tmp_path: Path, opened: Opener) -> None:
    labels = np.arange(40).reshape(40, 1) % 4
    path = saved(tmp_path, x_train=GREY, y_train=labels, x_test=GREY[:6], y_test=labels[:6])
    source = opened(path)
    np.testing.assert_array_equal(source.train.images[..., 0], GREY)
    np.testing.assert_array_equal(source.test.images[..., 0], GREY[:6])
    np.testing.assert_array_equal(source.train.labels, labels.ravel())
    np.testing.assert_array_equal(source.test.labels, labels[:6].ravel())
    assert source.test_split == "test split of the data set" and source.class_names == ("0", "1", "2", "3")


def test_floats_in_the_unit_range_are_the_same_images(tmp_path: Path, opened: Opener) -> None:
    for dtype in (np.float32, np.float64):
        exact = opened(saved(tmp_path, images=GREY))
        source = opened(saved(tmp_path, images=(GREY / 255).astype(dtype)))
        assert source.fingerprint == exact.fingerprint


def test_arrays_that_are_not_used_are_named(tmp_path: Path, opened: Opener) -> None:
    source = opened(saved(tmp_path, images=GREY, ids=np.arange(40)))
    assert source.notes[1:] == ("images.npz also holds ids: not used",)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"pictures": GREY}, "holds pictures: expected images"),
        ({}, "holds nothing: expected images"),
        ({"images": GREY.astype(np.int64)}, r"images is int64 of shape \[40, 4, 4\]: expected uint8 in \[0, 255\]"),
        ({"images": GREY > 4}, "images is bool"),
        ({"images": GREY.astype(np.float32)}, r"with values from 0 to 255: expected .* float in \[0, 1\]"),
        ({"images": GREY / 127.5 - 1}, "with values from -1 to 1: expected"),
        ({"images": np.full((2, 4, 4), 1.0001)}, "with values from 1.0001 to 1.0001"),
        ({"images": np.full((2, 4, 4), np.nan)}, "holds NaN"),
        ({"images": np.full((2, 4, 4), -np.inf)}, "from -inf to -inf"),
        ({"images": GREY[0]}, r"shape \[4, 4\]: expected"),
        ({"images": GREY.reshape(10, 4, 4, 4)}, r"\[10, 4, 4, 4\]: expected .* 1 or 3"),
        ({"images": GREY.reshape(40, 1, 4, 4)}, r"\[40, 1, 4, 4\]: expected"),
        ({"images": GREY[:0]}, r"\[0, 4, 4\]: it is empty"),
        ({"images": GREY[:, :0]}, "it is empty"),
        ({"images": np.array(["a", "b"])}, "images is <U1"),
        ({"images": GREY, "labels": np.arange(39)}, r"labels that are int64 of shape \[39\]: expected 40 integers"),
        ({"images": GREY, "labels": np.arange(40.0)}, "labels that are float64"),
        ({"images": GREY, "labels": np.eye(40, dtype=int)}, r"shape \[40, 40\]"),
        ({"x_train": GREY, "x_test": GREY[:0]}, "x_test is uint8 .* it is empty"),
        ({"x_train": GREY, "x_test": GREY, "y_train": np.arange(40)}, "only one of y_train and y_test"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_was_expected(
    arrays: dict[str, np.ndarray], message: str, tmp_path: Path, opened: Opener
) -> None:
    path = saved(tmp_path, **arrays)
    with pytest.raises(InputError, match=message) as caught:
        opened(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


class Trap:
    """Creates a folder when unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple:
        return Path.mkdir, (self.folder,)


def test_pickled_arrays_are_refused_and_not_run(tmp_path: Path, opened: Opener) -> None:
    trap = tmp_path / "sprung"
    path = saved(tmp_path, images=np.array([Trap(trap), None]))
    with pytest.raises(InputError, match="holds Python objects, which are not loaded"):
        opened(path)
    path.write_bytes(pickle.dumps(Trap(trap)))
    with pytest.raises(InputError, match=r"cannot be read as \.npz"):
        opened(path)
    assert not trap.exists()


@pytest.mark.parametrize("keep", [0, 1, 100, -300, -1])
def test_a_damaged_file_is_named(keep: int, tmp_path: Path, opened: Opener) -> None:
    path = saved(tmp_path, images=GREY)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"images\.npz cannot be read as \.npz"):
        opened(path)


def test_changed_bytes_are_noticed(tmp_path: Path, opened: Opener) -> None:
    path = saved(tmp_path, images=GREY)
    data = bytearray(path.read_bytes())
    data[400] ^= 255
    path.write_bytes(data)
    with pytest.raises(InputError, match="Bad CRC"):
        opened(path)


def test_a_bare_array_file_is_refused(tmp_path: Path, opened: Opener) -> None:
    with (tmp_path / "bare.npz").open("wb") as file:
        np.save(file, GREY)
    with pytest.raises(InputError, match=r"cannot be read as \.npz"):
        opened(tmp_path / "bare.npz")
