"""Folders of images, with any other contents."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.errors import InputError
from tests.data.conftest import Opener


def picture(level: int) -> Image.Image:
    """4x4 grey pixels: the first is the level, the others are noise that depends on it."""
    pixels = np.random.default_rng(level).integers(0, 256, (4, 4), np.uint8)
    pixels[0, 0] = level
    return Image.fromarray(pixels)


def save(path: Path, level: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(level).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty pictures."""
    for level in range(40):
        save(tmp_path / "photos" / f"{level:02}.png", level)
    return tmp_path / "photos"


def levels(images: np.ndarray) -> list[int]:
    return [int(level) for level in images[:, 0, 0, 0]]


def test_a_flat_folder_has_no_labels(folder: Path, opened: Opener) -> None:
    source = opened(folder)
    assert source.name == str(folder) and source.dataset == "" and source.class_names is None
    assert source.train.labels is None and source.test.labels is None
    assert sorted(levels(source.train.images) + levels(source.test.images)) == list(range(40))
    assert source.train.images.dtype == np.uint8 and source.train.images.shape[1:] == (4, 4, 1)
    assert source.test_split == "10 % held out by content hash" and source.licence == "the user's own"
    assert len(source.test.images) >= 1
    assert len(source.notes) == 1 and str(folder) in source.notes[0]


def test_sub_folders_are_labels_and_their_names_are_shown(tmp_path: Path, opened: Opener) -> None:
    for level in range(60):
        save(tmp_path / ("oak", "Ash", "elm")[level % 3] / "deep" / f"{level}.bmp", level)
    save(tmp_path / "cover.png", 200)
    source = opened(tmp_path)
    assert source.class_names == ("Ash", "elm", "oak") and source.describe()["classes"] == "3 classes (Ash, elm, oak)"
    assert source.notes[0].endswith(", 3 classes (Ash, elm, oak)")
    assert source.notes[1:] == ("left out: 1 beside the folders of classes (cover.png)",)
    for split in (source.train, source.test):
        assert split.labels is not None
        for level, label in zip(levels(split.images), split.labels, strict=True):
            assert source.class_names[label] == ("oak", "Ash", "elm")[level % 3]


def parted(tmp_path: Path) -> Path:
    for level in range(30):
        part = ("train", "train", "train", "val", "Test")[level % 5]
        save(tmp_path / part / ("cat", "dog")[level % 2] / f"{level}.png", level)
    return tmp_path


def test_folders_of_parts_are_the_parts(tmp_path: Path, opened: Opener) -> None:
    source = opened(parted(tmp_path))
    assert sorted(levels(source.train.images)) == [level for level in range(30) if level % 5 < 3]
    assert sorted(levels(source.test.images)) == [level for level in range(30) if level % 5 == 4]
    assert source.class_names == ("cat", "dog")
    for split in (source.train, source.test):
        assert [level % 2 for level in levels(split.images)] == split.labels.tolist()
    assert source.validation is None
    assert source.notes[0] == (
        f"{tmp_path}: 18 images to train on, 6 to test on (the folder Test), 6 for validation are not used: this model "
        "is chosen otherwise, 2 classes (cat, dog)"
    )


def test_a_validation_folder_is_what_chooses(tmp_path: Path, opened: Opener) -> None:
    whole = opened(parted(tmp_path))
    source = whole.validated()
    assert levels(source.validation.images) == levels(whole.own_validation.images) and len(source.train.images) == 18
    assert source.validation_split == "the validation part that the data come with"
    assert source.fingerprint == whole.fingerprint
    save(tmp_path / "val" / "cat" / "more.png", 99)
    assert opened(tmp_path).fingerprint != whole.fingerprint


def test_without_a_folder_to_test_on_a_part_of_the_training_folder_is_held_out(tmp_path: Path, opened: Opener) -> None:
    for level in range(40):
        save(tmp_path / ("train", "train", "train", "val")[level % 4] / f"{level}.png", level)
    source = opened(tmp_path)
    assert len(source.train.images) + len(source.test.images) == 30 and len(source.test.images)
    assert source.test_split == "10 % held out by content hash" and len(source.own_validation.images) == 10


def test_unreadable_files_are_counted_named_and_left_out(folder: Path, opened: Opener) -> None:
    whole = (folder / "00.png").read_bytes()
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("no image")
    (folder / "cut.png").write_bytes(whole[:45])
    (folder / "gone.webp").symlink_to(folder / "nowhere.webp")
    source = opened(folder, max_unreadable=0.1)
    assert len(source.train.images) + len(source.test.images) == 40
    (note,) = source.notes[1:]
    assert note.startswith("4 of 44 files")
    for named in (
        "empty.png (empty file)",
        "text.jpg (not a readable PNG",
        "cut.png (damaged: ",
        "gone.webp (no such file)",
    ):
        assert named in note


def test_too_many_unreadable_files_are_an_error(folder: Path, opened: Opener) -> None:
    for number in range(8):
        (folder / f"bad{number}.png").touch()
    with pytest.raises(
        InputError, match=r"8 of 48 images .*max_unreadable allows: .*bad4.png \(empty file\) and 3 more"
    ):
        opened(folder, max_unreadable=7.9 / 48)
    assert len(opened(folder, max_unreadable=8 / 48).notes) == 2


def test_a_folder_of_nothing_but_unreadable_files_is_an_error(tmp_path: Path, opened: Opener) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(InputError, match=r"none of the 1 images .* a\.png \(empty file\)"):
        opened(tmp_path, max_unreadable=1.0)


def test_a_folder_without_images_is_an_error(tmp_path: Path, opened: Opener) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=r"holds no images: expected files that end in \.png, "):
        opened(tmp_path)


def test_a_pipe_is_left_out_and_named(folder: Path, opened: Opener) -> None:
    os.mkfifo(folder / "pipe.png")
    (note,) = opened(folder).notes[1:]
    assert note == "left out: 1 pipe, device or socket (pipe.png)"


def test_a_bomb_is_left_out_with_nothing_on_stderr(
    folder: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (10, 10)).save(folder / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60)  # Pillow warns
    monkeypatch.setattr("aigc_tf.data.images.prepare.MAX_PIXELS", 99)
    assert "bomb.png (10x10 pixels, more than 99 in all)" in opened(folder, max_unreadable=0.1).notes[1]
    assert capfd.readouterr() == ("", "")


def test_no_picture_changes_sides_when_others_come(folder: Path, opened: Opener) -> None:
    first = levels(opened(folder).test.images)
    for level in range(40, 80):
        save(folder / f"{level}.png", level)
    assert [level for level in levels(opened(folder).test.images) if level < 40] == first


def test_the_same_picture_in_several_files_is_on_one_side(folder: Path, opened: Opener) -> None:
    """Splits use decoded pixels: by file bytes, copies could end up in different splits."""
    for level in range(40):
        picture(level).convert("RGB").save(folder / f"{level}.bmp")
        picture(level).save(folder / f"{level}.tif")
        picture(level).save(folder / f"compressed {level}.png", compress_level=1)
        (folder / f"copy {level}.png").write_bytes((folder / f"{level:02}.png").read_bytes())
    source = opened(folder)
    train, test = levels(source.train.images), levels(source.test.images)
    assert not set(train) & set(test) and len(train) + len(test) == 200 and test
    assert len(source.notes) == 1  # no note on near-duplicates


def test_near_duplicates_of_test_pictures_are_counted(tmp_path: Path, opened: Opener) -> None:
    rough = np.random.default_rng(0).integers(0, 256, (30, 6, 6, 3), np.uint8)
    for number, pixels in enumerate(rough):
        large = Image.fromarray(pixels).resize((96, 96), Image.Resampling.BICUBIC)
        for kind in ("png", "jpg", "webp"):
            large.save(tmp_path / f"{number}.{kind}")
    source = opened(tmp_path, height=24, width=24, channels=3)
    count = len(source.test.images)
    (note,) = source.notes[1:]
    assert f" of {count} test images are near-duplicates of training images" in note
    assert int(note.split()[0]) >= 0.9 * count and count > 2


def test_a_folder_that_may_not_be_read_is_named(folder: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "locked").mkdir()
    scan = os.scandir

    def scan_unlocked(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_unlocked)
    with pytest.raises(InputError, match="locked cannot be read: Permission denied"):
        opened(folder)
