"""Resolution of source names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aigc_tf.errors import InputError
from tests.data.conftest import Opener

IMAGES = np.zeros((4, 4, 4), np.uint8)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep").mkdir()
    np.savez(tmp_path / "deep" / "mine.npz", images=IMAGES)
    np.savez(tmp_path / "mnist", images=IMAGES)
    (tmp_path / "mnist.npz").rename(tmp_path / "mnist.NPZ")
    return tmp_path


@pytest.mark.parametrize("name", ["deep/mine.npz", "./deep/mine.npz", "deep/../deep/mine.npz", "mnist.NPZ"])
def test_a_path_is_named_so_that_it_is_found_from_anywhere(name: str, here: Path, opened: Opener) -> None:
    source = opened(name)
    assert source.name == str((here / name).resolve())
    assert source.fingerprint == opened(source.name).fingerprint
    assert source.notes[0] == f"{source.name}: 4 images to train on, 0 to test on (10 % held out by content hash)"


def test_the_home_folder_may_be_written_as_a_tilde(bare_machine: Path, opened: Opener) -> None:
    np.savez(bare_machine / "mine.npz", images=IMAGES)
    assert opened("~/mine.npz").name == str(bare_machine / "mine.npz")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "source is empty"),
        ("  ", "source is empty"),
        ("nowhere/photos", "nowhere/photos does not exist: name a folder"),
        ("./nowhere", "nowhere does not exist"),
        ("~nobody-of-this-name/x", "cannot be opened"),
        ("nowhere.npz", "nowhere.npz does not exist"),
        ("notes.txt", "notes.txt is neither a folder, an .npz file nor"),
        ("a" * 300, "cannot be opened: File name too long"),
        ("./a\0b", "cannot be opened|does not exist"),
    ],
)
def test_a_path_that_cannot_be_used_is_named(name: str, message: str, here: Path, opened: Opener) -> None:
    (here / "notes.txt").touch()
    with pytest.raises(InputError, match=message):
        opened(name)


def test_a_folder_named_like_the_default_does_not_replace_it(here: Path, opened: Opener) -> None:
    (here / "auto").mkdir()
    assert opened("auto").name == "fashion_mnist_10k"


def test_a_source_can_be_named_again(opened: Opener) -> None:
    first = opened("auto")
    assert first.name != "auto" and opened(first.name).fingerprint == first.fingerprint


def test_the_recipe_decides_size_and_channels(opened: Opener) -> None:
    source = opened("fashion_mnist_10k", height=8, width=12, channels=3)
    assert source.train.images.shape[1:] == (8, 12, 3)
    grey = opened("fashion_mnist_10k", height=8, width=12)
    np.testing.assert_array_equal(source.train.images, grey.train.images.repeat(3, -1))
