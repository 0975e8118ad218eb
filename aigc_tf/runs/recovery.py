"""Recovers the folder of a run whose process ended or was killed.

Afterwards it has no partial files and nothing newer than the last checkpoint.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from tensorboard.compat.proto.event_pb2 import Event

from aigc_tf.errors import InputError, printable, say
from aigc_tf.runs import checkpoints, paths, previews
from aigc_tf.runs.progress import Progress
from aigc_tf.storage.files import remove_partial, write_text

DAMAGED = ".damaged"
"""Suffix of checkpoints that were set aside."""
_FRAME_BYTES = 16  # of a record in an event file, besides its content: length and two checksums


def recorded_progress(path: Path, metadata: dict[str, Any], quality_name: str) -> Progress:
    """The progress that a checkpoint records.

    Args:
        path: of the checkpoint.
        metadata: of it.
        quality_name: name of the figure that picks the best checkpoint.

    Raises:
        InputError: the metadata is invalid.
    """

    def is_number(value: Any) -> bool:
        return isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**63)  # more make no float

    def are_numbers(value: Any) -> bool:
        return isinstance(value, dict) and all(map(is_number, value.values()))

    def is_best(value: Any) -> bool:
        named = are_numbers(value) and {"step", quality_name} <= value.keys() and isinstance(value["step"], int)
        return value is None or named

    numbers = dict.fromkeys(("seconds", "processor_seconds", "joules"), is_number)
    checks = {**numbers, "best": is_best, "quality": are_numbers, "watched": are_numbers}
    recorded = {name: metadata[name] for name in checks if name in metadata}
    for name, value in recorded.items():
        if not checks[name](value):
            raise checkpoints.unreadable(path, f"its {name} is {printable(str(value)[:100])}")
    return Progress(step_of(path), **recorded)


def step_of(path: Path) -> int:
    """The step of a checkpoint file."""
    return int(path.stem.rpartition("-")[2])


def last_whole(path: Path) -> tuple[int | None, list[Path]]:
    """The step of a run's last intact checkpoint, or None if it has no checkpoints yet; and the damaged ones after it.

    Raises:
        InputError: there are checkpoints, but all of them are damaged.
    """
    step, damaged = checkpoints.last_whole(path / paths.CHECKPOINTS)
    if damaged and step is None:
        raise InputError(f"{path} cannot be resumed: all its checkpoints are damaged; start a new run")
    return step, damaged


def recover(path: Path) -> int | None:
    """Recover a run folder: what is removed here will be made again; damaged checkpoints are set aside.

    Returns:
        The step to resume from, that of the last intact checkpoint; None if there are no checkpoints yet.

    Raises:
        InputError: all checkpoints are damaged, or the last one cannot be read at the moment; nothing was changed.
    """
    step, damaged = last_whole(path)
    remove_partial(path)
    for file in damaged:
        say(f"warning: {file} is damaged, and kept as {set_aside(file).name}: the run goes on from step {step}")
    last = -1 if step is None else step
    cut_log(path / paths.METRICS, last)
    for file in sorted((path / paths.EVENTS).glob("events.out.tfevents.*")):
        cut_events(file, last)
    previews.remove_after(path, last)
    return step


def set_aside(path: Path) -> Path:
    """Rename a damaged file so that nothing reads it; somebody may be able to repair it. Returns the new path."""
    names = itertools.chain([path.name], (f"{path.name}.{number}" for number in itertools.count(2)))
    free = (path.with_name(name + DAMAGED) for name in names)
    return path.rename(next(candidate for candidate in free if not candidate.exists()))


def cut_log(path: Path, step: int) -> None:
    """Remove log lines of steps after `step`, and anything after an incomplete line."""
    if not path.is_file():
        return
    kept = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True):
        try:
            beyond = json.loads(line)["step"] > step
        except (ValueError, TypeError, LookupError, RecursionError):
            break
        if not beyond and line.endswith("\n"):
            kept.append(line)
    write_text(path, "".join(kept))


def cut_events(path: Path, step: int) -> None:
    """Truncate a TensorBoard event file where the events after `step` begin, or where it is damaged."""
    if not path.is_file():
        say(f"warning: {path} is not an event file, and left as it is")
        return
    cut_beyond_the_end(path)
    end = whole = 0
    try:
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = Event.FromString(record)
            if event.step > step and not event.file_version:
                break
            end += len(record) + _FRAME_BYTES
            whole += not event.file_version
    except (tf.errors.DataLossError, DecodeError):
        pass  # the process ended in the middle of a record, or this is not a record: the file is cut before it
    if not whole:
        path.unlink()
    elif end < path.stat().st_size:
        with path.open("r+b") as file:
            file.truncate(end)


def cut_beyond_the_end(path: Path) -> None:
    """Truncate an event file at a record that claims to be longer than the rest of the file.

    The process ended in the middle of it, or the length was forged: TensorFlow trusts it, and crashes without a message
    if it cannot allocate that much memory.
    """
    size, end = path.stat().st_size, 0
    with path.open("r+b") as file:
        while end < size:
            file.seek(end)
            length = int.from_bytes(file.read(8), "little")
            if end + length + _FRAME_BYTES > size:
                file.truncate(end)
                return
            end += length + _FRAME_BYTES
