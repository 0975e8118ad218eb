"""The Fréchet distance reached in a given time: this project's recipe against TensorFlow's tutorial loop."""

from __future__ import annotations

import dataclasses
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

import aigc_tf
from aigc_tf.data.images import open_source, to_unit
from aigc_tf.metrics.images import frechet_distance_of_model
from aigc_tf.recipes.base import CheckpointSettings, LoggingSettings
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.run import say
from tools.benchmarks.tutorials import TensorFlowTutorial

# Single readings swing by a third: a figure is the mean of those at these shares of the time.
SHARES = (0.8, 0.9, 1.0)


class Stopwatch:
    """Counts seconds of training, without the first step, which compiles, and measures at given marks."""

    def __init__(self, marks: Sequence[float], measure: Callable[[float, int], None]) -> None:
        self.marks = sorted(marks)
        self.measure = measure
        self.seconds = 0.0
        self.steps = 0

    def begin(self) -> None:
        """A step begins."""
        self.started = time.perf_counter()

    def end(self) -> bool:
        """A step ended; measures if a mark was passed. Returns whether the last one was."""
        elapsed = time.perf_counter() - self.started
        self.steps += 1
        if self.steps > 1:
            self.seconds += elapsed
        while self.marks and self.seconds >= self.marks[0]:
            self.measure(self.marks.pop(0), self.steps)
        return not self.marks


class StopwatchCallback(keras.callbacks.Callback):
    """A stopwatch inside `fit`."""

    def __init__(self, stopwatch: Stopwatch) -> None:
        super().__init__()
        self.stopwatch = stopwatch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.stopwatch.begin()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.stopwatch.end():
            self.model.stop_training = True


def quality_for_time(
    seconds: Sequence[float], seeds: Sequence[int], samples: int, source: str, results: Path, plot: Path | None
) -> dict[str, Any]:
    """Train both sides with every seed, unless `results` has them already, and sum up.

    Every side trains once for the longest of `seconds`; the shorter times are readings on the way.

    Returns:
        For each side and time the median over the seeds, the figures of all seeds, and the ratio of the medians.
    """
    results.parent.mkdir(parents=True, exist_ok=True)
    done = [json.loads(line) for line in results.read_text().splitlines()] if results.is_file() else []
    marks = [share * total for total in seconds for share in SHARES]
    for seed in seeds:
        for side, train in (("tutorial", train_tutorial), ("aigc_tf", train_ours)):
            if any(row["side"] == side and row["seed"] == seed and row["source"] == source for row in done):
                continue
            readings = train(DCGAN(source=source, seed=seed), marks, samples)
            row = {"side": side, "seed": seed, "source": source, "samples": samples, "readings": readings}
            with results.open("a") as file:
                file.write(json.dumps(row) + "\n")
            done.append(row)
    chosen = [row for row in done if row["seed"] in seeds and row["source"] == source]
    if plot is not None:
        draw(chosen, plot)
    return summary(chosen, seconds)


def train_tutorial(recipe: DCGAN, marks: Sequence[float], samples: int) -> list[dict[str, float]]:
    """Readings of the tutorial's loop."""
    source = open_source(recipe)
    tutorial = TensorFlowTutorial(recipe)
    readings: list[dict[str, float]] = []
    stopwatch = Stopwatch(marks, reader("tutorial", tutorial, source, recipe, samples, readings))
    step = tf.function(tutorial.step)
    batches = iter(tutorial.batches(to_unit(source.train.images), recipe.seed))
    finished = False
    while not finished:
        stopwatch.begin()
        step(next(batches))
        finished = stopwatch.end()
    return readings


def train_ours(recipe: DCGAN, marks: Sequence[float], samples: int) -> list[dict[str, float]]:
    """Readings of this project's training, as a user starts it, but for the watching."""
    never = 10**9
    recipe = dataclasses.replace(
        recipe,
        steps=10**6,
        logging=LoggingSettings(samples_every=never, evaluate_every=never),
        checkpoints=CheckpointSettings(every=never),
    )
    readings: list[dict[str, float]] = []

    class Reading(StopwatchCallback):
        def on_train_begin(self, logs: Any = None) -> None:
            self.stopwatch.measure = reader("aigc_tf", self.model, open_source(recipe), recipe, samples, readings)

    with tempfile.TemporaryDirectory() as folder:
        watch = Reading(Stopwatch(marks, lambda mark, steps: None))
        aigc_tf.train(recipe, Path(folder) / "run", callbacks=[watch])
    return readings


def reader(
    side: str, model: Any, source: Any, recipe: DCGAN, samples: int, readings: list[dict[str, float]]
) -> Callable[[float, int], None]:
    """A function that measures the model and appends the reading."""

    def read(mark: float, steps: int) -> None:
        distance = frechet_distance_of_model(model, source, recipe, samples)
        readings.append({"seconds": mark, "steps": steps, "frechet_distance": distance})
        say(f"\n{side}, seed {recipe.seed}: {mark:.0f} s, {steps} steps, Fréchet distance {distance:.2f}")

    return read


def summary(rows: Sequence[dict[str, Any]], seconds: Sequence[float]) -> dict[str, Any]:
    """Medians over the seeds of the means over the last fifth of the time."""
    figures: dict[str, Any] = {"seeds": sorted({row["seed"] for row in rows}), "seconds": {}}
    for total in seconds:
        marks = {round(share * total, 6) for share in SHARES}
        entry: dict[str, Any] = {}
        for side in ("tutorial", "aigc_tf"):
            by_seed = {}
            for row in rows:
                if row["side"] == side:
                    chosen = [r["frechet_distance"] for r in row["readings"] if round(r["seconds"], 6) in marks]
                    by_seed[row["seed"]] = statistics.mean(chosen)
            entry[side] = {"median": statistics.median(by_seed.values()), "by_seed": by_seed}
        entry["tutorial_over_aigc_tf"] = entry["tutorial"]["median"] / entry["aigc_tf"]["median"]
        figures["seconds"][f"{total:g}"] = entry
    return figures


def draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """A picture of all readings: distance over seconds, a line for each side and seed."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
    for side, colour, label in (("tutorial", "C1", "TensorFlow tutorial"), ("aigc_tf", "C0", "aigc_tf")):
        for index, row in enumerate(row for row in rows if row["side"] == side):
            x = [reading["seconds"] for reading in row["readings"]]
            y = [reading["frechet_distance"] for reading in row["readings"]]
            axes.plot(x, y, "o-", color=colour, markersize=3, alpha=0.7, label=None if index else label)
    axes.set(xlabel="seconds of training", ylabel="Fréchet distance", xlim=(0, None), ylim=(0, None))
    axes.legend()
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
