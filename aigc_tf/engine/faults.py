"""Explains errors that end training: which checkpoint to resume from, and what to fix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf

from aigc_tf.engine.distribution import LOST, WorkerLostError
from aigc_tf.errors import StoppedError
from aigc_tf.runs import checkpoints, paths
from aigc_tf.runs.run import Run


@contextmanager
def explained(run: Run) -> Iterator[None]:
    """Turn errors that end training into messages that say which checkpoint to resume from, and what to fix.

    Raises:
        StoppedError: the user can fix it: the disk is full, or memory ran out.
        NotFiniteError: training diverged.
        WorkerLostError: another of several processes has ended.
    """

    def stopped(why: str, fix: str) -> str:
        return f"training stopped at step {run.progress.step}: {why}; {last_good(run.path)}; {fix}"

    when_fixed = "fix it and continue with --resume"
    try:
        yield
    except checkpoints.NotFiniteError as error:
        raise checkpoints.NotFiniteError(f"training diverged: {error}; {last_good(run.path)}") from None
    except OSError as error:
        fault = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        raise StoppedError(stopped(fault, when_fixed)) from error
    except (tf.errors.OpError, WorkerLostError) as error:
        unwritten = writing_fault(error)  # must come first: a full disk and exhausted memory raise the same error
        if unwritten is not None:
            raise StoppedError(stopped(f"{run.path / paths.EVENTS}: {unwritten}", when_fixed)) from error
        if isinstance(error, tf.errors.ResourceExhaustedError):
            smaller = f"start a new run with a smaller batch_size than {run.recipe.batch_size}, or smaller networks"
            raise StoppedError(stopped("it does not fit in memory", smaller)) from error
        if isinstance(error, (*LOST, WorkerLostError)):
            again = "start all of them again with --resume"
            raise WorkerLostError(stopped("another worker does not answer", again)) from error
        raise


# The operation of event writers in the message of its error, followed by the system's own words.
_WRITES_EVENTS = re.compile(r"__wrapped__\w*Summary\w*?_device_\S+\}\} (?:[^\n]*; )?([^\n\[]*)")


def writing_fault(error: Exception) -> str | None:
    """Why TensorFlow could not write events, in the system's words; None for other errors."""
    found = _WRITES_EVENTS.search(str(error))
    return found and found[1].strip()


def last_good(path: Path) -> str:
    """Which checkpoint of a run folder to resume from, in words."""
    saved = checkpoints.steps(path / paths.CHECKPOINTS)
    kept = f"the last good checkpoint is that of step {saved[-1]}" if saved else "there is no checkpoint yet"
    return f"{kept} in {path}"
