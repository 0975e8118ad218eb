"""The user's folder of images, with everything that folders hold."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.data.images import splits
from aigc_tf.data.images.folder import SUFFIXES
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError
from tests.data.conftest import Opener


def save(path: Path, level: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (6, 5), level).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty grey images, each of its own level."""
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


def test_sub_folders_are_labels(tmp_path: Path, opened: Opener) -> None:
    for level in range(60):
        save(tmp_path / ("oak", "Ash", "elm")[level % 3] / "deep" / f"{level}.bmp", level)
    (tmp_path / "empty").mkdir()
    source = opened(tmp_path)
    assert source.class_names == ("Ash", "elm", "oak")
    for split in (source.train, source.test):
        assert split.labels is not None
        for level, label in zip(levels(split.images), split.labels, strict=True):
            assert source.class_names[label] == ("oak", "Ash", "elm")[level % 3]


def test_one_sub_folder_or_files_beside_them_are_no_labels(tmp_path: Path, opened: Opener) -> None:
    save(tmp_path / "a" / "1.png", 1)
    save(tmp_path / "a" / "2.png", 2)
    assert opened(tmp_path).class_names is None
    save(tmp_path / "b" / "3.png", 3)
    assert opened(tmp_path).class_names == ("a", "b")
    save(tmp_path / "4.png", 4)
    assert opened(tmp_path).class_names is None


def test_the_order_is_that_of_the_names(folder: Path) -> None:
    assert [path.name for path in files_below(folder, SUFFIXES)] == [f"{level:02}.png" for level in range(40)]


def test_suffixes_in_any_case_and_nothing_hidden(tmp_path: Path) -> None:
    for name in ("a.PNG", "b.JpEg", "c.jpg", "d.webp", "e.BMP", "f.txt", ".g.png", ".h/i.png", "j/.k/l.png", "m/n.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = [str(path) for path in files_below(tmp_path, SUFFIXES)]
    assert found == [
        "a.PNG",
        "b.JpEg",
        "c.jpg",
        "d.webp",
        "e.BMP",
        "m/n.png",
    ]


def test_unreadable_files_are_counted_named_and_left_out(folder: Path, opened: Opener) -> None:
    whole = (folder / "00.png").read_bytes()
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("no image")
    (folder / "cut.png").write_bytes(whole[:-20])
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


def test_links_that_lead_back_do_not_hang(folder: Path) -> None:
    (folder / "again").symlink_to(folder)
    (folder / "deep").mkdir()
    (folder / "deep" / "up").symlink_to(folder.parent)
    assert len(files_below(folder, SUFFIXES)) == 40


def test_linked_folders_are_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "photos").symlink_to(folder)
    assert len(files_below(tmp_path / "links", SUFFIXES)) == 40


def test_a_pipe_is_not_waited_for(folder: Path, opened: Opener) -> None:
    os.mkfifo(folder / "pipe.png")
    assert "pipe.png (no such file)" in opened(folder, max_unreadable=0.1).notes[1]


def test_a_bomb_is_left_out_with_nothing_on_stderr(
    folder: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (10, 10)).save(folder / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60)  # Pillow warns
    monkeypatch.setattr("aigc_tf.data.images.prepare.MAX_PIXELS", 99)
    assert "bomb.png (10x10 pixels, more than 99 in all)" in opened(folder, max_unreadable=0.1).notes[1]
    assert capfd.readouterr() == ("", "")


def test_the_split_follows_the_files_not_their_form(folder: Path, opened: Opener) -> None:
    def tested(**form: int) -> list[int]:
        return levels(opened(folder, **form).test.images)

    first = tested()
    assert first == tested(height=8, width=2, channels=3)
    for level in range(40, 80):
        save(folder / f"{level}.png", level)
    assert [level for level in tested() if level < 40] == first


def test_copies_of_a_file_are_on_one_side(folder: Path, opened: Opener) -> None:
    for file in list(folder.iterdir()):
        (folder / f"copy of {file.name}").write_bytes(file.read_bytes())
    source = opened(folder)
    assert not set(levels(source.train.images)) & set(levels(source.test.images))


def test_a_large_folder_is_read_from_disk_with_the_same_batches(
    folder: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory = opened(folder)
    monkeypatch.setattr(splits, "memory_limit", lambda: 100)
    on_disk = opened(folder)
    assert isinstance(on_disk.train.images, np.memmap) and not isinstance(in_memory.train.images, np.memmap)
    assert on_disk.fingerprint == in_memory.fingerprint
    for one, other in zip(*(source.batches(8, 1).take(5) for source in (in_memory, on_disk)), strict=True):
        np.testing.assert_array_equal(one["image"], other["image"])


def test_an_interrupt_does_not_wait_for_the_rest(
    folder: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Ctrl-C while thousands of files wait: nothing more is decoded, and no temporary file stays."""
    started = []

    def slow(data: bytes, settings: object) -> np.ndarray:
        started.append(1)
        if len(started) > 4:
            threading.Event().wait(0.05)
        return np.zeros((4, 4, 1), np.uint8)

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("AIGC_TF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(splits, "memory_limit", lambda: 0)
    monkeypatch.setattr("aigc_tf.data.images.folder.decode_image", slow)
    monkeypatch.setattr("aigc_tf.data.images.folder.progress", lambda items, *_: (interrupt() for _ in items))
    with pytest.raises(KeyboardInterrupt):
        opened(folder)
    assert len(started) < 30
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


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
