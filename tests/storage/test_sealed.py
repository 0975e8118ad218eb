"""Encrypted files open only with their key; changes are detected."""

from __future__ import annotations

import secrets
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aigc_tf.errors import InputError, UnavailableError
from aigc_tf.runs import checkpoints
from aigc_tf.storage import sealed as sealing
from aigc_tf.storage.archives import ArchiveError, is_whole, names_in, read_arrays
from aigc_tf.storage.sealed import FIRST_LINE, SETTING, opened, sealed

KEY = bytes(range(32))


def saved(folder: Path) -> Path:
    """A checkpoint with one variable of a hundred sevens."""
    variable = SimpleNamespace(numpy=lambda: np.full(100, 7.0, np.float32))
    return checkpoints.save(folder, {"model/weight": variable}, 3, {"seconds": 1.0})  # type: ignore[dict-item]


@pytest.fixture
def with_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, KEY.hex())


def test_a_checkpoint_is_read_with_the_key_alone(with_key: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = saved(tmp_path)
    content = path.read_bytes()
    assert content.startswith(FIRST_LINE) and np.float32(7).tobytes() * 4 not in content and b"weight" not in content
    assert KEY not in content
    arrays, metadata = checkpoints.read(path)
    assert (arrays["model/weight"] == 7).all() and metadata == {"seconds": 1.0, "step": 3}
    assert is_whole(path) and "model/weight" in names_in(path) and checkpoints.last_step(tmp_path) == 3
    for other, said in (("", "is not set"), (secrets.token_hex(32), "holds another one")):
        monkeypatch.setenv(SETTING, other)
        for read in (read_arrays, is_whole, names_in):  # not reported as damaged
            with pytest.raises(
                UnavailableError, match=f"is encrypted, and {SETTING} {said}: set it to the key [0-9a-f]"
            ):
                read(path)


def test_without_a_key_checkpoints_are_plain_and_with_one_plain_ones_still_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = saved(tmp_path)
    assert path.read_bytes().startswith(b"PK")
    monkeypatch.setenv(SETTING, KEY.hex())
    assert (checkpoints.read(path)[0]["model/weight"] == 7).all()


def test_what_was_changed_is_damaged(with_key: None, tmp_path: Path):
    path = saved(tmp_path)
    content = path.read_bytes()
    for place in (len(FIRST_LINE) + 9, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert not is_whole(path)
        with pytest.raises(ArchiveError, match="changed after it was encrypted"):
            read_arrays(path)
    path.write_bytes(content[:-20])
    assert not is_whole(path)


def test_pieces_are_not_left_out_nor_moved(with_key: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sealing, "_PIECE_BYTES", 10)
    path = tmp_path / "file"
    head, *pieces = sealed(bytes(range(35)), KEY)
    assert [len(piece) for piece in pieces] == [26, 26, 26, 21]

    def read(*parts: bytes) -> bytes:
        path.write_bytes(b"".join((head, *parts)))
        with opened(path) as file:
            return file.read()

    assert read(*pieces) == bytes(range(35))
    one, two, three, four = pieces
    for others in ((one, two, three), (one, three, two, four), (one, two, two, four), (two, three, four), ()):
        with pytest.raises(ValueError, match="was changed"):
            read(*others)


@pytest.mark.parametrize("key", ["secret", "ab" * 31, "zz" * 32])
def test_a_key_that_is_none_is_said_to_be(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(SETTING, key)
    with pytest.raises(InputError, match=f"{SETTING} is not a key of 64 hexadecimal digits"):
        saved(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_is_none_does_not_make_checkpoints_damaged(
    with_key: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = saved(tmp_path)
    monkeypatch.setenv(SETTING, "none")
    with pytest.raises(InputError, match="is not a key"):
        is_whole(path)
