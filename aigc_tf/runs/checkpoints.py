"""Checkpoints: everything that training changes, in one `.npz` file per step."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from aigc_tf.errors import InputError, say
from aigc_tf.runs import paths
from aigc_tf.storage.archives import ArchiveError, is_whole, names_in, read_arrays
from aigc_tf.storage.files import write_atomically, write_text
from aigc_tf.storage.sealed import write_sealed

if TYPE_CHECKING:
    import keras

_METADATA = "metadata.json"
_POSITIONAL = re.compile(r"\w+/\d{3}/[^/]+")
_NAME = re.compile(r"step-(\d{8,})\.npz")


class NotFiniteError(RuntimeError):
    """Training produced NaN or infinite numbers."""


def path_of(folder: Path, step: int) -> Path:
    """The path of the checkpoint of `step`."""
    return folder / f"step-{step:08d}.npz"


def steps(folder: Path) -> list[int]:
    """The steps that have checkpoints, in ascending order."""
    names = (_NAME.fullmatch(path.name) for path in folder.iterdir()) if folder.is_dir() else ()
    return sorted(int(match[1]) for match in names if match)


def save(folder: Path, state: Mapping[str, keras.Variable], step: int, metadata: Mapping[str, Any]) -> Path:
    """Save the variables of `state` and, as JSON, `metadata`; encrypted if there is a key in the environment.

    Raises:
        NotFiniteError: a variable has NaN or infinite numbers; nothing is written.
    """
    arrays = {name: variable.numpy() for name, variable in state.items()}
    bad = not_finite(arrays)
    if bad:
        raise NotFiniteError(f"{len(bad)} of {len(arrays)} variables are not finite at step {step}: {bad[0]}, ...")
    text = np.frombuffer(json.dumps(dict(metadata) | {"step": step}).encode(), np.uint8)
    path = path_of(folder, step)
    folder.mkdir(parents=True, exist_ok=True)

    def write(file: IO[bytes]) -> None:
        np.savez(file, allow_pickle=False, **{_METADATA: text}, **arrays)

    write_atomically(path, partial(write_sealed, write=write))
    return path


def not_finite(arrays: Mapping[str, np.ndarray]) -> list[str]:
    """The names of arrays that hold NaN or infinite numbers."""
    return [name for name, array in arrays.items() if array.dtype.kind in "fc" and not np.isfinite(array).all()]


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of a checkpoint by name, and its metadata.

    Raises:
        InputError: the file is damaged, or holds NaN or infinite numbers, which training never saves.
    """
    try:
        arrays = read_arrays(path)
        metadata = _parsed(arrays.pop(_METADATA, None))
        bad = not_finite(arrays)
        if bad:
            raise ValueError(f"{len(bad)} of its {len(arrays)} variables are not finite, {bad[0]} among them")
        return arrays, metadata
    except (ArchiveError, ValueError, RecursionError) as error:
        raise unreadable(path, str(error)) from error


def read_metadata(path: Path) -> tuple[dict[str, Any], bool]:
    """The metadata of a checkpoint without its arrays, and whether its variables are named as in version 0.1.

    Raises:
        InputError: the file is damaged.
    """
    try:
        metadata = _parsed(read_arrays(path, only=_METADATA).get(_METADATA))
        return metadata, is_positional(name for name in names_in(path) if name != _METADATA)
    except (ArchiveError, ValueError, RecursionError) as error:
        raise unreadable(path, str(error)) from error


def _parsed(metadata: np.ndarray | None) -> dict[str, Any]:
    """The JSON object in the bytes of an array.

    Raises:
        ValueError: there is none.
    """
    parsed = json.loads(b"" if metadata is None else metadata.tobytes())
    if not isinstance(parsed, dict):
        raise ValueError("its metadata is not a JSON object")
    return parsed


def restore(
    path: Path, state: Mapping[str, keras.Variable], positional: Mapping[str, keras.Variable] | None = None
) -> dict[str, Any]:
    """Restore the variables of `state` from a checkpoint; returns its metadata.

    Args:
        path: of the checkpoint.
        state: the variables by name.
        positional: the same by the names of version 0.1, whose checkpoints still open.

    Raises:
        InputError: the file is damaged, or does not hold exactly the variables that are needed.
    """
    arrays, metadata = read(path)
    if positional is not None and is_positional(arrays):
        arrays = {name.rpartition("/")[0]: array for name, array in arrays.items()}
        state = positional
    wanted = {name: (tuple(variable.shape), variable.dtype) for name, variable in state.items()}
    found = {name: (array.shape, str(array.dtype)) for name, array in arrays.items()}
    if wanted != found:
        names = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        raise InputError(f"{path} was saved by another model: {len(names)} variables differ, {names[0]} among them")
    for name, variable in state.items():
        variable.assign(arrays[name])
    return metadata


def is_positional(names: Iterable[str]) -> bool:
    """Whether variables are named as version 0.1 named them: `model/003/kernel`."""
    return all(_POSITIONAL.fullmatch(name) for name in names)


def unreadable(path: Path, why: str) -> InputError:
    """The error for a checkpoint that cannot be used."""
    return InputError(f"{path} is not a readable checkpoint ({why}); remove it to use an earlier one")


def last_whole(folder: Path) -> tuple[int | None, list[Path]]:
    """The last step with an intact checkpoint, or None; and the damaged ones after it."""
    damaged: list[Path] = []
    for step in reversed(steps(folder)):
        if is_whole(path_of(folder, step)):
            return step, damaged
        damaged.append(path_of(folder, step))
    return None, damaged


def last_step(folder: Path) -> int:
    """The step of the last intact checkpoint in a folder; reports damaged ones after it.

    Raises:
        InputError: there is none.
    """
    step, damaged = last_whole(folder)
    if step is None:
        if damaged:
            raise InputError(f"all checkpoints in {folder} are damaged: start a new run")
        raise InputError(f"{folder.parent} has no checkpoint yet: train it with --resume first")
    for path in damaged:
        say(f"warning: {path} is damaged: step {step} is used instead")
    return step


def mark_best(folder: Path, best: Mapping[str, Any] | None) -> None:
    """Record the best checkpoint so far: `{"step": ..., name of the figure: its value}`, or none."""
    if best is None:
        (folder / paths.BEST).unlink(missing_ok=True)
    else:
        write_text(folder / paths.BEST, json.dumps(best) + "\n")


def best_step(folder: Path) -> int | None:
    """The step of the best checkpoint, or None if none was measured.

    Raises:
        InputError: its record is damaged.
    """
    path = folder / paths.BEST
    try:
        step = json.loads(path.read_text())["step"] if path.is_file() else None
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is damaged ({error}): choose the last checkpoint") from None
    if not isinstance(step, int | None):
        raise InputError(f"{path} is damaged (its step is {step!r}): choose the last checkpoint")
    return step


def prune(folder: Path, keep: int, best: Mapping[str, Any] | None) -> None:
    """Remove all but the last `keep` checkpoints and the best one."""
    for step in steps(folder)[:-keep]:
        if best is None or step != best["step"]:
            path_of(folder, step).unlink()
