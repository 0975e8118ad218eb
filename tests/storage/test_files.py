"""Atomic files and folders, even when a process is killed or the power fails."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from aigc_tf.errors import InputError
from aigc_tf.export.writer import move_into_place
from aigc_tf.storage import files
from aigc_tf.storage.files import held, remove_partial, staging, write_atomically, write_text

NO_ROOM = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "file.txt"
    write_text(path, "old")
    for error in (NO_ROOM, KeyboardInterrupt()):

        def write(file: object, error: BaseException = error) -> None:
            file.write(b"half of the ne")  # type: ignore[attr-defined]
            raise error

        with pytest.raises(type(error)) as caught:
            write_atomically(path, write)
        assert isinstance(error, KeyboardInterrupt) or caught.value.filename == str(path)
        assert [entry.name for entry in tmp_path.iterdir()] == ["file.txt"] and path.read_text() == "old"


def test_a_write_goes_through_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    victim, path = tmp_path / "victim", tmp_path / "file"
    victim.write_text("mine")
    path.symlink_to(victim)
    write_text(path, "new")
    assert victim.read_text() == "mine" and path.read_text() == "new" and not path.is_symlink()
    monkeypatch.setattr(files.secrets, "token_hex", lambda count: "guessed")
    (tmp_path / "file.guessed.partial").symlink_to(victim)
    with pytest.raises(FileExistsError):
        write_text(path, "newer")
    assert victim.read_text() == "mine" and path.read_text() == "new"


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path):
    def write(file: IO[bytes]) -> None:
        file.write(b"one ")
        write_text(tmp_path / "file", "another writer begins later, and ends earlier")
        file.write(b"whole")

    write_atomically(tmp_path / "file", write)
    assert (tmp_path / "file").read_text() == "one whole"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_folder_is_held_by_one_process_and_a_dead_one_holds_nothing(tmp_path: Path):
    program = (
        "import sys, time; from pathlib import Path; from aigc_tf.storage.files import held\n"
        "with held(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(100)"
    )
    owner = subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE)
    assert owner.stdout is not None and owner.stdout.readline() == b"held\n"
    with pytest.raises(InputError, match=rf"in use by process {owner.pid} on \S+: wait"), held(tmp_path):
        pass
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    with held(tmp_path), pytest.raises(InputError, match=f"process {os.getpid()} "), held(tmp_path):
        pass


def making(place: Path) -> subprocess.Popen[bytes]:
    """A process that is writing next to a path."""
    program = (
        "import sys, time; from pathlib import Path; from aigc_tf.storage.files import staging\n"
        "with staging(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'half').touch(); print('made', flush=True); time.sleep(100)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, place], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"made\n"
    return process


def test_a_folder_that_is_being_made_stays_and_that_of_a_dead_process_goes(tmp_path: Path):
    place = tmp_path / "exports" / "[a]"

    def make_again() -> None:
        with staging(place):
            pass

    for clean in (lambda: remove_partial(tmp_path), make_again):
        process = making(place)
        (folder,) = place.parent.iterdir()
        remove_partial(tmp_path)
        assert (folder / "half").exists()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert (folder / "half").exists()
        clean()
        assert not folder.exists()


def test_a_link_to_a_folder_is_removed_and_not_what_it_leads_to(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    (tmp_path / "link.partial").symlink_to(tmp_path / "mine")
    remove_partial(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"] and (tmp_path / "mine" / "file").exists()


def test_what_is_made_is_on_the_disk_before_it_is_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    happened: list[str] = []
    rename, fsync = Path.rename, os.fsync

    def recorded_rename(path: Path, target: Path) -> Path:
        happened.append(f"move {path.name}")
        return rename(path, target)

    def recorded_fsync(descriptor: int) -> None:
        happened.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        fsync(descriptor)

    with staging(tmp_path / "out") as folder:
        (folder / "made" / "inside").mkdir(parents=True)
        for name in ("file", "inside/deeper"):
            (folder / "made" / name).touch()
        monkeypatch.setattr(Path, "rename", recorded_rename)
        monkeypatch.setattr(files.os, "fsync", recorded_fsync)
        move_into_place(folder / "made", tmp_path / "out", ["file", "inside"])
    assert sorted(happened[:4]) == ["sync deeper", "sync file", "sync inside", "sync made"]
    assert happened[4:] == ["move file", "move inside", "sync out", f"sync {tmp_path.name}"]
