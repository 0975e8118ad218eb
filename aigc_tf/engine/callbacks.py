"""What happens between training steps: the clock, the progress line, TensorBoard, checkpoints.

The callbacks share one `Progress`. They never draw from the training streams nor change the model, so that
a run is the same whatever is watched.
"""

from __future__ import annotations

import json
import math
import signal
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from aigc_tf.errors import say
from aigc_tf.families.base import GenerativeModel, copy_state
from aigc_tf.modalities.drawing import write_png
from aigc_tf.references import resolve
from aigc_tf.runs import checkpoints, paths, previews
from aigc_tf.runs.progress import Progress
from aigc_tf.runs.run import Run
from aigc_tf.storage.files import append, write_atomically, write_text


class RunCallback(keras.callbacks.Callback):
    """A callback that knows the run and its progress."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run
        self.progress = run.progress

    def observed(self) -> GenerativeModel:
        """The model as it stands, to look at; a copy in this process alone where several devices train it."""
        if self.run.model is not self.model:
            copy_state(self.model, self.run.model)
        return self.run.model


class WritingCallback(RunCallback):
    """One that writes for TensorBoard."""

    def __init__(self, run: Run, writer: tf.summary.SummaryWriter) -> None:
        super().__init__(run)
        self.writer = writer


class Clock(RunCallback):
    """Counts steps and seconds of training, and ends it when the recipe's seconds are over. Comes first."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.compiled = False

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        elapsed = time.perf_counter() - self.started
        self.progress.step += 1
        if self.compiled:  # the first step of a call compiles
            self.progress.seconds += elapsed
            self.progress.call_seconds += elapsed
            self.progress.call_steps += 1
        self.compiled = True
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
    """One line on stderr: steps, images/s, time left, the losses."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.assets = [self.run.source.assets[name] for name in self.run.recipe.assets]
        self.bar = tqdm(
            total=1.0,
            file=sys.stderr,
            mininterval=0.5 if sys.stderr.isatty() else 20.0,
            bar_format="{percentage:3.0f}% |{bar:20}|{postfix}",
        )

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
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
        facts += [f"{name} {float(value):.3f}" for name, value in (logs or {}).items() if name.endswith("loss")]
        facts += [f"{name} {value:.1f}" for name, value in progress.quality.items()]
        facts += [f"{name} {value:.3g}" for name, value in self.assets_facts(progress.step).items()]
        self.bar.set_postfix_str(", ".join(facts), refresh=False)
        self.bar.update(min(done, 1.0) - self.bar.n)

    def assets_facts(self, step: int) -> dict[str, float]:
        """What the run's assets know of a model after so many steps."""
        return {name: value for asset in self.assets for name, value in asset.facts(step).items()}

    def on_train_end(self, logs: Any = None) -> None:
        self.close()

    def close(self) -> None:
        """Draw the line's last state and end it."""
        self.bar.close()


class Logs(WritingCallback):
    """Losses and speed, averaged over some steps, in TensorBoard and in the run's metrics.jsonl."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.sums: dict[str, float] = {}
        self.count = 0
        self.seconds_before = self.progress.call_seconds

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.progress.replaced:  # these logs, and those before, are of a state that was given up, perhaps for a NaN
            self.on_train_begin()
            return
        for name, value in (logs or {}).items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value)
        self.count += 1
        if self.progress.step % self.run.recipe.logging.scalars_every:
            return
        values = {name: total / self.count for name, total in self.sums.items()}
        elapsed = self.progress.call_seconds - self.seconds_before
        if elapsed:
            values["examples_per_second"] = self.count * self.progress.examples_per_step / elapsed
        log_values(self.run, self.writer, "training", values)
        self.on_train_begin()


class Facts(WritingCallback):
    """What the run's assets know of the model as it stands, in TensorBoard and metrics.jsonl: the ε that is spent."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        step = self.progress.step
        if step % self.run.recipe.logging.scalars_every:
            return
        for name in self.run.recipe.assets:
            facts = self.run.source.assets[name].facts(step)
            if facts:
                log_values(self.run, self.writer, name, facts)


class Previews(RunCallback):
    """Samples from fixed latents, and whatever else the model previews, in TensorBoard and as files."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.shown: int | None = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        step, recipe = self.progress.step, self.run.recipe
        if step % recipe.logging.samples_every == 0 or step == recipe.steps or self.model.stop_training:
            self.show()

    def on_train_end(self, logs: Any = None) -> None:
        if self.shown != self.progress.step:
            self.show()

    def show(self) -> None:
        """Write the previews of this moment, and remove the oldest."""
        path, step, logging = self.run.path, self.progress.step, self.run.recipe.logging
        model = self.observed()
        writer = tf.summary.create_file_writer(str(path / paths.PREVIEW_EVENTS), filename_suffix=f"-{step:08d}.v2")
        with writer.as_default(step):
            for name, preview in model.previews(self.run.source).items():
                if isinstance(preview, str):
                    # Indented by four it is shown as it is, line by line.
                    tf.summary.text(name, textwrap.indent(preview, "    ", lambda line: True))
                else:
                    tf.summary.image(name, preview[None])
                self.keep(name, preview)
            if logging.histograms:
                for variable in model.trainable_variables:
                    tf.summary.histogram(variable.path, variable.value)
        writer.close()
        previews.keep_last(path, logging.keep_samples)
        self.shown = step

    def keep(self, name: str, preview: Any) -> None:
        """Write one preview as a file."""
        folder, step = self.run.path / paths.SAMPLES, self.progress.step
        folder.mkdir(exist_ok=True)
        if isinstance(preview, str):
            write_text(folder / f"{name}-{step:08d}.txt", preview)
            return
        made_by = {"generated by": f"aigc_tf, {type(self.run.recipe).__name__}, step {step}"}
        write = partial(write_png, image=preview, made_by=made_by)
        write_atomically(folder / f"{name}-{step:08d}.png", write)


class Quality(WritingCallback):
    """Measures the quality at intervals, and ends training when it no longer improves."""

    def __init__(self, run: Run, writer: tf.summary.SummaryWriter) -> None:
        super().__init__(run, writer)
        self.chooser = resolve(run.recipe.chooses)()

    def on_train_begin(self, logs: Any = None) -> None:
        # Once before the first step: what cannot be measured should not be found out in the middle of training.
        if self.progress.step == 0 and self.run.recipe.logging.evaluate_every <= self.run.recipe.steps:
            self.measure()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.progress.step % self.run.recipe.logging.evaluate_every == 0:
            value, best = self.measure(), self.progress.best
            name = self.chooser.name
            if self.progress.healthy and (best is None or value < best[name]):
                self.progress.best = {"step": self.progress.step, name: value}
            elif best is not None and self.has_waited_enough(best["step"]):
                self.model.stop_training = True

    def has_waited_enough(self, best_step: int) -> bool:
        """Whether the recipe stops training now, since the quality has not improved for long."""
        recipe = self.run.recipe
        if recipe.stop_after is None:
            return False
        waited = (self.progress.step - best_step) // recipe.logging.evaluate_every
        if waited >= recipe.stop_after:
            say(f"\nstopping: {self.chooser.name} was best at step {best_step}, {waited} evaluations ago")
        return waited >= recipe.stop_after

    def measure(self) -> float:
        """Measure and log the quality of this moment."""
        recipe = self.run.recipe
        samples = recipe.logging.evaluate_samples
        value = self.chooser.value(self.observed(), self.run.source, recipe, samples, recipe.chosen_on)
        self.progress.quality = {self.chooser.name: value}
        log_values(self.run, self.writer, "quality", self.progress.quality)
        return value


class Checkpoints(WritingCallback):
    """Saves the whole state at intervals, at the best quality and at the end; removes what is no longer needed.

    Comes last: a checkpoint says that all the steps up to its own are done, with what is logged, measured and drawn.
    What a killed process did after its last checkpoint is done again.
    """

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.progress.step % self.run.recipe.checkpoints.every == 0 or self.is_best():
            self.save()

    def on_train_end(self, logs: Any = None) -> None:
        if self.progress.step not in checkpoints.steps(self.run.path / paths.CHECKPOINTS):
            self.save()

    def is_best(self) -> bool:
        """Whether no step before was as good as this one."""
        return self.progress.best is not None and self.progress.best["step"] == self.progress.step

    def save(self) -> None:
        """Save, then prune."""
        folder, progress = self.run.path / paths.CHECKPOINTS, self.progress
        self.writer.flush()
        checkpoints.save(folder, self.model.state(), progress.step, progress.recorded())
        if self.is_best():
            checkpoints.mark_best(folder, progress.best)
        checkpoints.prune(folder, self.run.recipe.checkpoints.keep, progress.best)


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
    """Let Ctrl-C and SIGTERM end training after the step at hand; a second Ctrl-C ends it at once."""

    def handle(number: int, frame: FrameType | None) -> None:
        if progress.interrupted:
            raise KeyboardInterrupt
        progress.interrupted = True
        say("\nstopping after this step and saving; once more stops at once")

    try:
        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread, which alone may handle signals
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
