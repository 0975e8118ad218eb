"""Checkpoints: everything that training changes, in one `.npz` file a step."""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.errors import InputError

if TYPE_CHECKING:
    import keras

_METADATA = "metadata.json"
_BEST = "best.json"
_NAME = re.compile(r"step-(\d{8})\.npz")


class NotFiniteError(RuntimeError):
    """Training produced numbers that are not finite."""


def path_of(folder: Path, step: int) -> Path:
    """Where the checkpoint of `step` is kept."""
    return folder / f"step-{step:08d}.npz"


def steps(folder: Path) -> list[int]:
    """The steps that have a checkpoint, ascending."""
    names = (_NAME.fullmatch(path.name) for path in folder.iterdir()) if folder.is_dir() else ()
    return sorted(int(match[1]) for match in names if match)


def write_atomically(path: Path, write: Any) -> None:
    """Call `write(file)` on a temporary file and give it its name only when it is whole and on the disk."""
    temporary = path.with_name(path.name + ".partial")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file so that readers find the old one or the new one, never a part."""
    write_atomically(path, lambda file: file.write(text.encode()))


def save(folder: Path, state: Mapping[str, keras.Variable], step: int, metadata: Mapping[str, Any]) -> Path:
    """Save every variable of `state` and, as JSON, `metadata`.

    Raises:
        NotFiniteError: a variable is not finite; nothing is written.
    """
    arrays = {name: variable.numpy() for name, variable in state.items()}
    bad = [name for name, array in arrays.items() if array.dtype.kind == "f" and not np.isfinite(array).all()]
    if bad:
        raise NotFiniteError(f"{len(bad)} of {len(arrays)} variables are not finite at step {step}: {bad[0]}, ...")
    text = np.frombuffer(json.dumps(dict(metadata) | {"step": step}).encode(), np.uint8)
    path = path_of(folder, step)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda file: np.savez(file, allow_pickle=False, **{_METADATA: text}, **arrays))
    return path


def restore(path: Path, state: Mapping[str, keras.Variable]) -> dict[str, Any]:
    """Give every variable of `state` its saved value; returns the metadata.

    Raises:
        InputError: the file is damaged, or does not hold exactly the variables that are needed.
    """
    try:
        # Opened here, not by NumPy, which leaves a file that it cannot read open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is not a readable checkpoint ({error}); remove it to use an earlier one") from error
    metadata = json.loads(arrays.pop(_METADATA, np.array([], np.uint8)).tobytes() or b"{}")
    wanted = {name: tuple(variable.shape) for name, variable in state.items()}
    found = {name: array.shape for name, array in arrays.items()}
    if wanted != found:
        names = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        raise InputError(f"{path} was saved by another model: {len(names)} variables differ, {names[0]} among them")
    for name, variable in state.items():
        variable.assign(arrays[name])
    return metadata


def mark_best(folder: Path, step: int, key: str, value: float) -> None:
    """Record that the checkpoint of `step` is the best so far."""
    write_text(folder / _BEST, json.dumps({"step": step, key: value}) + "\n")


def best(folder: Path) -> dict[str, Any] | None:
    """`{"step": ..., key: value}` of the best checkpoint, or None."""
    path = folder / _BEST
    return json.loads(path.read_text()) if path.is_file() else None


def prune(folder: Path, keep: int) -> None:
    """Remove all but the last `keep` checkpoints and the best one."""
    best_step = (best(folder) or {}).get("step")
    for step in steps(folder)[:-keep]:
        if step != best_step:
            path_of(folder, step).unlink()
