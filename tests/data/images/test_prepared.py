"""The cache of prepared folders: reused only for the same files and settings."""

from __future__ import annotations

import errno
import os
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.data.images import prepared, splits
from aigc_tf.data.images.source import ImageSource
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.storage import cache
from tests.data.conftest import Opener


@pytest.fixture
def folder(tmp_path: Path, random: np.random.Generator) -> Path:
    """Forty pictures of two classes."""
    for number, pixels in enumerate(random.integers(0, 256, (40, 4, 4), np.uint8)):
        path = tmp_path / "photos" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return tmp_path / "photos"


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("AIGC_TF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "images"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The decoded files."""
    files: list[Path] = []
    decode = prepared.decode_files

    def noted(paths: list[Path], settings: object) -> object:
        files.extend(paths)
        return decode(paths, settings)

    monkeypatch.setattr(prepared, "decode_files", noted)
    return files


def same(one: ImageSource, other: ImageSource) -> bool:
    pairs = [(getattr(one, part), getattr(other, part)) for part in ("train", "test")]
    for first, second in pairs:
        np.testing.assert_array_equal(first.images, second.images)
        np.testing.assert_array_equal(first.labels, second.labels)
    return one.notes == other.notes and one.fingerprint == other.fingerprint


def recomputed(source: ImageSource) -> str:
    return prepared.fingerprint_of((source.train, source.test))


def test_the_second_start_decodes_nothing_and_finds_the_same(folder: Path, opened: Opener, decoded: list[Path]) -> None:
    (folder / "a" / "bad.png").write_text("no picture")
    first = opened(folder, max_unreadable=0.1)
    assert len(decoded) == 41
    second = opened(folder, max_unreadable=0.1)
    assert len(decoded) == 41 and same(first, second) and isinstance(second.train.images, np.memmap)
    assert "bad.png" in second.notes[-1]
    assert first.fingerprint == second.fingerprint == recomputed(second)
    for cut in (first.validated(), second.validated()):
        assert cut.fingerprint == first.fingerprint
        np.testing.assert_array_equal(cut.validation.images, first.validated().validation.images)
    unkept = prepared.Split(np.asarray(second.train.images), second.train.labels)
    np.testing.assert_array_equal(prepared.keys_of(unkept), second.train.keys)
    with pytest.raises(InputError, match=r"1 of 41 images .* a/bad.png \(not"):
        opened(folder)
    assert len(decoded) == 41


def test_what_is_kept_is_for_these_files_in_this_form(folder: Path, opened: Opener, decoded: list[Path]) -> None:
    def prepares(**form: int) -> bool:
        decoded.clear()
        opened(folder, **form)
        return bool(decoded)

    assert prepares() and not prepares()
    assert prepares(height=5) and prepares(channels=3) and not prepares(height=5) and not prepares()
    first = folder / "a" / "00.png"
    times = first.stat()
    first.write_bytes((folder / "b" / "01.png").read_bytes().ljust(times.st_size, b"\0"))
    os.utime(first, ns=(times.st_atime_ns, times.st_mtime_ns))  # as by some copy programs
    assert prepares() and not prepares()
    first.rename(folder / "b" / "00.png")
    assert prepares()
    first = folder / "b" / "00.png"
    first.unlink()
    assert prepares() and not prepares()
    folder.rename(folder.with_name("moved"))
    folder.with_name("moved").rename(folder)
    assert not prepares()


@pytest.mark.parametrize("damage", ["short", "long", "index", "record", "lost"])
def test_a_damaged_entry_is_made_anew(
    damage: str, folder: Path, opened: Opener, decoded: list[Path], kept: Path
) -> None:
    fingerprint = opened(folder).fingerprint
    (entry,) = kept.iterdir()
    if damage in ("short", "long"):
        os.truncate(entry / "train", {"short": 100, "long": 10_000}[damage])
    elif damage == "lost":
        (entry / "test").unlink()
    else:
        (entry / {"index": "index.npz", "record": "record.json"}[damage]).write_bytes(b"{")
    decoded.clear()
    second = opened(folder)
    assert len(decoded) == 40 and second.fingerprint == fingerprint
    assert same(second, opened(folder)) and len(decoded) == 40


def test_what_cannot_be_read_now_is_not_kept(
    folder: Path, opened: Opener, decoded: list[Path], monkeypatch: pytest.MonkeyPatch, kept: Path
) -> None:
    read = Path.read_bytes

    def fail(path: Path) -> bytes:
        if path.name == "07.png":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert "07.png (Input/output error)" in opened(folder, max_unreadable=0.1).notes[1]
    assert list(kept.iterdir()) == []
    monkeypatch.undo()


@pytest.mark.parametrize("when", ["at once", "in the middle", "at the end"])
def test_a_cache_that_cannot_be_written_is_told_and_does_not_matter(
    when: str, folder: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    whole = opened(folder)
    monkeypatch.setenv("AIGC_TF_CACHE", str(tmp_path / "full"))
    if when == "at once":
        (tmp_path / "full").write_text("a file")
        reason = "File exists|Not a directory"
    else:
        reason = "No space left on device"
        monkeypatch.setattr(*((cache, "sync") if when == "at the end" else (prepared, "digests_of")), fail_once(fail))
    source = opened(folder)
    np.testing.assert_array_equal(source.train.images, whole.train.images)
    assert source.fingerprint == whole.fingerprint
    (note,) = source.notes[1:]
    assert note.startswith("prepared images are not cached, and prepared again at every start")
    assert any(part in note for part in reason.split("|"))
    if when != "at once":
        assert [path for path in (tmp_path / "full").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("what", ["index", "record", "pictures"])
def test_an_entry_that_cannot_be_read_now_stays_and_does_not_matter(
    what: str, folder: Path, opened: Opener, decoded: list[Path], monkeypatch: pytest.MonkeyPatch, kept: Path
) -> None:
    """Another user's cache: the pictures are decoded, with one note."""

    def fail(*arguments: object, **others: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    whole = opened(folder)
    before = {path: path.stat().st_mtime_ns for path in kept.rglob("*")}
    with monkeypatch.context() as patch:
        place = {"index": (zipfile, "ZipFile"), "record": (Path, "read_text"), "pictures": (np, "memmap")}[what]
        patch.setattr(*place, fail)
        source = opened(folder)
    np.testing.assert_array_equal(source.train.images, whole.train.images)
    (note,) = source.notes[1:]
    assert note.startswith("prepared images are not cached") and "Permission denied" in note
    assert {path: path.stat().st_mtime_ns for path in kept.rglob("*")} == before
    decoded.clear()
    assert same(opened(folder), whole) and not decoded


def fail_once(fail: object) -> object:
    """Fails at the first call, then computes digests of images, the last stage."""
    calls = []

    def function(*arguments: object) -> object:
        calls.append(1)
        return fail() if len(calls) == 1 else splits.digests_of(*arguments)

    return function


def test_a_disk_without_room_is_seen_before_decoding(
    folder: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch, decoded: list[Path]
) -> None:
    usage = type("Usage", (), {"free": 100})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    assert "has no room for 0.0 GB" in opened(folder).notes[1] and len(decoded) == 40


def test_there_is_a_limit_and_the_last_used_stay(
    folder: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch, kept: Path, decoded: list[Path]
) -> None:
    for height in (4, 5, 6):
        opened(folder, height=height)
    for age, entry in enumerate(cache.entries(kept)):
        os.utime(entry.path, (1000 - age, 1000 - age))
    opened(folder, height=4)
    size = sum(entry.size for entry in cache.entries(kept))
    monkeypatch.setenv("AIGC_TF_CACHE_LIMIT", str(size / 1e9))
    (kept / ".left.abc.partial").mkdir()  # of a process that was killed
    opened(folder, height=7)
    assert not (kept / ".left.abc.partial").exists()
    decoded.clear()
    opened(folder, height=4)
    opened(folder, height=7)
    assert not decoded and sum(entry.size for entry in cache.entries(kept)) < 1.1 * size
    opened(folder, height=5)
    assert len(decoded) == 40
    monkeypatch.setenv("AIGC_TF_CACHE_LIMIT", "0")
    assert "the cache may take 0 (AIGC_TF_CACHE_LIMIT)" in opened(folder, height=9).notes[1]
    monkeypatch.setenv("AIGC_TF_CACHE_LIMIT", "much")
    with pytest.raises(InputError, match="AIGC_TF_CACHE_LIMIT is 'much': give a number of GB"):
        opened(folder, height=9)


def test_an_entry_that_is_removed_while_it_is_used_stays_readable(folder: Path, opened: Opener) -> None:
    source = opened(folder)
    before = np.array(source.train.images)
    assert cache.clear() > 0
    np.testing.assert_array_equal(source.train.images, before)


def test_pictures_are_never_all_in_memory(
    folder: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch, kept: Path
) -> None:
    """Decoded batches are written before the next one is decoded."""
    held = []
    monkeypatch.setattr(prepared, "_AT_ONCE", 5)
    add = splits.SplitBuilder.add

    def counted(builder: splits.SplitBuilder, images: np.ndarray, labels: np.ndarray | None) -> None:
        add(builder, images, labels)
        held.append(len(builder._chunks))

    monkeypatch.setattr(splits.SplitBuilder, "add", counted)
    opened(folder)
    assert held and max(held) == 0


def test_an_interrupt_does_not_wait_for_the_rest(
    folder: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch, kept: Path
) -> None:
    """Ctrl-C with thousands of pending files: decoding stops, and no temporary file remains."""
    started = []

    def slow(data: bytes, settings: object) -> np.ndarray:
        started.append(1)
        if len(started) > 4:
            threading.Event().wait(0.05)
        return np.zeros((4, 4, 1), np.uint8)

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("aigc_tf.data.images.prepared.decode_image", slow)
    monkeypatch.setattr(prepared, "progress", lambda items, *_: (interrupt() for _ in items))
    with pytest.raises(KeyboardInterrupt):
        opened(folder)
    assert len(started) < 30
    assert [path for path in kept.rglob("*") if path.is_file()] == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


def test_unreadable_is_what_decoding_says(folder: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(data: bytes, settings: object) -> np.ndarray:
        raise UnreadableError("not today")

    monkeypatch.setattr("aigc_tf.data.images.prepared.decode_image", refuse)
    with pytest.raises(InputError, match=r"none of the 40 images .* a/00\.png \(not today\)"):
        opened(folder, max_unreadable=1.0)
