"""Puts a run folder in order after its process was killed: nothing half written, nothing beyond the last checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import tensorflow as tf
from tensorboard.compat.proto.event_pb2 import Event

from aigc_tf import checkpoints, previews
from aigc_tf.errors import InputError
from aigc_tf.files import remove_partial, write_text
from aigc_tf.run import say

_FRAME_BYTES = 16  # of a record of an event file, beside its content: length and two checksums


def recover(path: Path) -> int | None:
    """Put a run folder in order; what is removed here is made again.

    Returns:
        The step of the checkpoint to go on from: the last one that is whole; None if none was made yet.

    Raises:
        InputError: there are checkpoints, and all of them are damaged.
    """
    remove_partial(path)
    step, damaged = checkpoints.last_whole(path / "checkpoints")
    if damaged and step is None:
        raise InputError(f"{path} cannot be resumed: all its checkpoints are damaged; start a new run")
    for file in damaged:
        say(f"warning: {file} is damaged and removed: the run goes on from step {step}")
        file.unlink()
    last = -1 if step is None else step
    cut_log(path / "metrics.jsonl", last)
    for file in sorted((path / "tensorboard").glob("events.out.tfevents.*")):
        cut_events(file, last)
    previews.remove_after(path, last)
    return step


def cut_log(path: Path, step: int) -> None:
    """Remove the lines of steps after `step`, and what follows a line that was not written to its end."""
    if not path.is_file():
        return
    kept = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True):
        try:
            beyond = json.loads(line)["step"] > step
        except (ValueError, TypeError, LookupError):
            break
        if not beyond and line.endswith("\n"):
            kept.append(line)
    write_text(path, "".join(kept))


def cut_events(path: Path, step: int) -> None:
    """Cut an event file of TensorBoard where the events after `step` begin, or where it is damaged."""
    end = whole = 0
    try:
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = Event.FromString(record)
            if event.step > step and not event.file_version:
                break
            end += len(record) + _FRAME_BYTES
            whole += not event.file_version
    except tf.errors.DataLossError:
        pass  # the process ended in the middle of a record: the file ends before it
    if not whole:
        path.unlink()
    elif end < path.stat().st_size:
        with path.open("r+b") as file:
            file.truncate(end)
