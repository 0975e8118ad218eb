"""Callbacks that run between training steps: the clock, the progress line, TensorBoard logging.

The callbacks share one `Progress`. They never draw from the training random streams nor change the model, so a run is
the same whatever is logged.
"""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, TextIO

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from aigc_tf.data.assets import facts_of
from aigc_tf.errors import say
from aigc_tf.families.base import GenerativeModel, copy_state
from aigc_tf.runs import checkpoints, paths
from aigc_tf.runs.cost import Meter
from aigc_tf.runs.progress import Progress
from aigc_tf.runs.run import Run
from aigc_tf.storage.files import append


class RunCallback(keras.callbacks.Callback):
    """Base of callbacks that know the run and its progress."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run
        self.progress = run.progress

    def observed(self) -> GenerativeModel:
        """The model in its current state, for reading; a copy in this process only if several devices train it."""
        if self.run.model is not self.model:
            copy_state(self.model, self.run.model)
        return self.run.model


class WritingCallback(RunCallback):
    """Base of callbacks that write TensorBoard events."""

    def __init__(self, run: Run, writer: tf.summary.SummaryWriter) -> None:
        super().__init__(run)
        self.writer = writer


class Clock(RunCallback):
    """Counts steps, seconds and cost of training, and stops it at the recipe's time limit. Must come first."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.compiled = False
        self.meter = Meter()
        self.before = (self.progress.processor_seconds, self.progress.joules)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        elapsed = time.perf_counter() - self.started
        self.progress.step += self.progress.stride
        if self.compiled:  # the first step of a call includes compilation
            self.progress.seconds += elapsed
            self.progress.call_seconds += elapsed
            self.progress.call_steps += self.progress.stride
        self.compiled = True
        seconds, joules = self.before
        self.progress.processor_seconds = seconds + self.meter.processor_seconds()
        self.progress.joules = joules + self.meter.joules()
        limit = self.run.recipe.seconds
        if self.progress.interrupted or (limit is not None and self.progress.call_seconds >= limit):
            self.model.stop_training = True


class StopOnNonFinite(WritingCallback):
    """Stops with an error when a logged value is not finite."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        bad = not_finite(logs or {})
        if bad:
            raise checkpoints.NotFiniteError(f"{', '.join(bad)} not finite since step {self.progress.step}")


def not_finite(logs: Mapping[str, Any]) -> list[str]:
    """The names of logged values that are not finite."""
    return [name for name, value in logs.items() if not math.isfinite(float(value))]


class ProgressLine(RunCallback):
    """Shows one line on stderr: steps, images/s, time left, losses, latest quality."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.bar: tqdm | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        self.logs: Mapping[str, Any] = {}
        self.assets = self.run.source.kept_for(self.run.recipe)
        self.bar = tqdm(
            total=1.0,
            file=sys.stderr,
            mininterval=0.5 if is_looked_at(sys.stderr) else 20.0,
            bar_format="{percentage:3.0f}% |{bar:20}|{postfix}",
        )

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.logs = logs or {}
        self.update()

    def update(self) -> None:
        """Redraw the line, at intervals and when it is closed."""
        progress, recipe = self.progress, self.run.recipe
        facts = [f"step {progress.step}"]
        done = progress.step / recipe.steps
        if recipe.seconds is not None:
            done = max(done, progress.call_seconds / recipe.seconds)
        speed = progress.steps_per_second
        if speed:
            left = (recipe.steps - progress.step) / speed
            if recipe.seconds is not None:
                left = min(left, max(0.0, recipe.seconds - progress.call_seconds))
            facts += [f"{speed * progress.examples_per_step:.0f}/s", f"{int(left) // 60}:{int(left) % 60:02d} left"]
        facts += [f"{name} {float(value):.3f}" for name, value in self.logs.items() if name.endswith("loss")]
        facts += [f"{name} {value:.1f}" for name, value in progress.quality.items()]
        facts += [f"{name} {value:.3g}" for name, value in facts_of(self.assets, progress.step).items()]
        assert self.bar is not None
        self.bar.set_postfix_str(", ".join(facts), refresh=False)
        self.bar.update(min(done, 1.0) - self.bar.n)

    def on_train_end(self, logs: Any = None) -> None:
        self.update()  # the quality may have been measured since
        self.close()

    def close(self) -> None:
        """Draw the line once more and end it; does nothing before training has begun."""
        if self.bar is not None:
            self.bar.close()


def is_looked_at(stream: TextIO) -> bool:
    """Whether a redrawn line replaces the previous one: on terminals and in notebook cells."""
    return stream.isatty() or type(stream).__module__.startswith("ipykernel.")


class Logs(WritingCallback):
    """Logs losses and speed, averaged over an interval, to TensorBoard and to the run's metrics.jsonl."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.sums: dict[str, float] = {}
        self.count = 0
        self.seconds_before = self.progress.call_seconds

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.progress.replaced:  # these and earlier logs are of a state that was rolled back, perhaps for a NaN
            self.on_train_begin()
            return
        for name, value in (logs or {}).items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value) * self.progress.stride
        self.count += self.progress.stride
        if self.progress.step % self.run.recipe.logging.scalars_every:
            return
        values = {name: total / self.count for name, total in self.sums.items()}
        elapsed = self.progress.call_seconds - self.seconds_before
        if elapsed:
            values["examples_per_second"] = self.count * self.progress.examples_per_step / elapsed
        log_values(self.run, self.writer, "training", values)
        self.on_train_begin()


class Facts(WritingCallback):
    """Logs what the run's assets say about the current model to TensorBoard and metrics.jsonl: the ε spent so far."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        step = self.progress.step
        if step % self.run.recipe.logging.scalars_every:
            return
        for name, asset in self.run.source.kept_for(self.run.recipe).items():
            facts = asset.facts(step)
            if facts:
                log_values(self.run, self.writer, name, facts)


class Profile(RunCallback):
    """Traces some steps, after compilation, for TensorBoard's profiler."""

    SKIPPED, TRACED = 10, 10

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.first = self.progress.step + self.SKIPPED
        self.is_tracing = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.progress.step == self.first:
            tf.profiler.experimental.start(str(self.run.path / paths.EVENTS))
            self.is_tracing = True
        elif self.progress.step == self.first + self.TRACED:
            self.stop()

    def on_train_end(self, logs: Any = None) -> None:
        self.stop()

    def stop(self) -> None:
        """Write the trace, if one is being made."""
        if self.is_tracing:
            self.is_tracing = False
            tf.profiler.experimental.stop()


def log_values(run: Run, writer: tf.summary.SummaryWriter, group: str, values: dict[str, float]) -> None:
    """Write values to TensorBoard, as `group/name`, and as a line of metrics.jsonl."""
    progress = run.progress
    with writer.as_default(progress.step):
        for name, value in values.items():
            tf.summary.scalar(f"{group}/{name}", value)
    line = {"step": progress.step, "seconds": round(progress.seconds, 3)} | values
    append(run.path / paths.METRICS, json.dumps(line, default=np.generic.item))


@contextmanager
def interrupts(progress: Progress) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end training after the current step; a second Ctrl-C ends it at once."""

    def handle(number: int, frame: FrameType | None) -> None:
        if progress.interrupted:
            raise KeyboardInterrupt
        progress.interrupted = True
        say("\nstopping after this step and saving; interrupt again to stop at once")

    try:
        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread; only that one may handle signals
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
