"""Selection of held-out images, and storage of large image sets."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from aigc_tf.data.images import splits
from aigc_tf.data.images.splits import HoldOut, SplitBuilder, digests_of
from aigc_tf.errors import InputError


def held_out(images: np.ndarray, batch: int = 7) -> tuple[set[bytes], set[bytes]]:
    """Contents of the training and test splits."""
    with closing(HoldOut(images.shape[1:])) as examples:
        for start in range(0, len(images), batch):
            part = images[start : start + batch]
            examples.add(part, digests_of(part), None)
        train, test = examples.splits()
    assert len(train.images) + len(test.images) == len(images)
    return {image.tobytes() for image in train.images}, {image.tobytes() for image in test.images}


@pytest.fixture
def pictures(random: np.random.Generator) -> np.ndarray:
    return random.integers(0, 256, (2000, 3, 3, 1), np.uint8)


def test_about_a_tenth_is_held_out(pictures: np.ndarray) -> None:
    train, test = held_out(pictures)
    assert 160 <= len(test) <= 240 and len(train) == 2000 - len(test)


def test_the_rule_is_the_hash_of_the_content(pictures: np.ndarray) -> None:
    _, test = held_out(pictures)
    limit = 2**64 // 10
    by_hand = {
        image.tobytes()
        for image in pictures
        if int.from_bytes(hashlib.sha256(image.tobytes()).digest()[:8], "big") < limit
    }
    assert test == by_hand


def test_no_image_changes_sides_when_others_come_go_or_move(pictures: np.ndarray) -> None:
    train, test = held_out(pictures)
    some_train, some_test = held_out(pictures[::-2])
    assert some_train <= train and some_test <= test and some_test


def test_duplicates_are_on_one_side(pictures: np.ndarray) -> None:
    train, test = held_out(np.concatenate([pictures[:300], pictures[:300]]))
    assert not train & test


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_handful_has_both_sides(count: int, pictures: np.ndarray) -> None:
    for start in range(0, 500, count):
        train, test = held_out(np.repeat(pictures[start : start + count], 2, axis=0))
        assert train and test and not train & test


@pytest.mark.parametrize("first_bytes", [b"\x00\x01\x01\x02", b"\xf0\xf1\xf1\xf2"])  # all held out, or none
def test_where_all_are_on_one_side_the_hash_still_decides(first_bytes: bytes) -> None:
    images = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1)
    with closing(HoldOut((1, 1, 1))) as examples:
        examples.add(images, [bytes([first]) * 32 for first in first_bytes], None)
        train, test = examples.splits()
    expected = ([3], [0, 1, 2]) if first_bytes[0] == 0 else ([1, 2, 3], [0])
    assert (train.images.ravel().tolist(), test.images.ravel().tolist()) == expected


def test_a_single_image_is_trained_on(pictures: np.ndarray) -> None:
    for image in pictures[:60]:
        train, test = held_out(np.stack([image] * 3))
        assert len(train) == 1 and not test


def test_labels_stay_with_their_images() -> None:
    images = np.arange(200, dtype=np.uint8).reshape(-1, 1, 1, 1)
    with closing(HoldOut((1, 1, 1))) as examples:
        examples.add(images, digests_of(images), np.arange(200))
        for split in examples.splits():
            assert split.labels is not None and split.labels.dtype == np.int64 and len(split.labels) > 5
            np.testing.assert_array_equal(split.labels, split.images.ravel())


def test_what_does_not_fit_in_memory_goes_to_a_file_that_leaves_nothing(
    pictures: np.ndarray, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIGC_TF_CACHE", str(tmp_path))
    monkeypatch.setattr(splits, "memory_limit", lambda: 1000)
    with closing(SplitBuilder((3, 3, 1))) as builder:
        for start in range(0, len(pictures), 60):  # from the second part on, it does not fit in memory
            builder.add(pictures[start : start + 60], None)
        split = builder.split()
    assert isinstance(split.images, np.memmap)
    np.testing.assert_array_equal(split.images, pictures)
    np.testing.assert_array_equal(split.images[[1999, 0, 7]], pictures[[1999, 0, 7]])
    assert list(tmp_path.rglob("*.*")) == []


def test_a_full_disk_is_named_with_the_way_out(pictures: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, data: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def close(self) -> None:
            pass

    monkeypatch.setattr(splits, "memory_limit", lambda: 0)
    monkeypatch.setattr(splits.tempfile, "TemporaryFile", lambda dir: Full())
    with closing(SplitBuilder((3, 3, 1))) as builder, pytest.raises(InputError, match="set AIGC_TF_CACHE"):
        builder.add(pictures, None)


def test_the_limit_is_a_part_of_this_machines_memory() -> None:
    assert 2**20 < splits.memory_limit() < 2**44
