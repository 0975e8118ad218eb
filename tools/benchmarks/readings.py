"""Train for a given time with intermediate measurements; finished ones are kept in a file."""

from __future__ import annotations

import dataclasses
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import keras

import aigc_tf
from aigc_tf.engine.distribution import Strategy, Workers
from aigc_tf.metrics.evaluator import Request, evaluate
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.options import sampling_of
from aigc_tf.recipes.settings import CheckpointSettings, LoggingSettings
from aigc_tf.references import resolve

NEVER = 10**9  # steps

SomeRecipe = TypeVar("SomeRecipe", bound=Recipe)


def quiet(recipe: SomeRecipe, **changes: Any) -> SomeRecipe:
    """A recipe, with changes, that shows and measures nothing while it trains, and keeps the last checkpoint alone."""
    logging = LoggingSettings(samples_every=NEVER, evaluate_every=NEVER)
    return dataclasses.replace(recipe, logging=logging, checkpoints=CheckpointSettings(every=NEVER), **changes)


class Stopwatch:
    """Counts seconds of training, without the first step, which compiles, and measures at given marks.

    Args:
        marks: in seconds.
        measure: is called with the mark and the number of steps.
        clock: in seconds.
    """

    def __init__(
        self,
        marks: Sequence[float],
        measure: Callable[[float, int], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.marks = sorted(marks)
        self.measure = measure
        self.clock = clock
        self.seconds = 0.0
        self.steps = 0

    def begin(self) -> None:
        """A step begins."""
        self.started = self.clock()

    def end(self) -> bool:
        """A step ended; measures if a mark was passed. Returns whether the last one was."""
        elapsed = self.clock() - self.started
        self.steps += 1
        if self.steps > 1:
            self.seconds += elapsed
        while self.marks and self.seconds >= self.marks[0]:
            self.measure(self.marks.pop(0), self.steps)
        return not self.marks


def watch_loop(step: Callable[[Any], Any], batches: Iterator[Any], stopwatch: Stopwatch) -> None:
    """Call `step` with batches until the stopwatch's last mark."""
    finished = False
    while not finished:
        stopwatch.begin()
        step(next(batches))
        finished = stopwatch.end()


def watch_recipe(
    recipe: Recipe,
    marks: Sequence[float],
    reader: Callable[[Any], Callable[[float, int], None]],
    data: Any = None,
    clock: Callable[[], float] = time.perf_counter,
    strategy: Strategy | Workers = "one",
) -> None:
    """Train a recipe as a user would, but for the watching, until the last mark.

    Args:
        recipe: its steps and seconds do not count.
        marks: in seconds of training.
        reader: from the model to what is called at each mark.
        data: used instead of the recipe's source, as `aigc_tf.train` takes it.
        clock: of the marks, in seconds.
        strategy: as `aigc_tf.train` takes it.
    """
    recipe = quiet(recipe, steps=10**6, seconds=None)

    class Watching(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            self.stopwatch = Stopwatch(marks, reader(self.model), clock)

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.stopwatch.begin()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if self.stopwatch.end():
                self.model.stop_training = True

    with tempfile.TemporaryDirectory() as folder:
        aigc_tf.train(recipe, Path(folder) / "run", data=data, callbacks=[Watching()], strategy=strategy)


class Results:
    """Rows of a JSON Lines file: a benchmark that is called again goes on from there.

    Args:
        path: of the file; it is made when the first row is added.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.rows = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []

    def find(self, **keys: Any) -> list[dict[str, Any]]:
        """The rows with these values."""
        return [row for row in self.rows if all(row.get(key) == value for key, value in keys.items())]

    def add(self, **row: Any) -> None:
        """Keep a row, in the file too."""
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        self.rows.append(row)


def report_of(model: Any, source: Any, recipe: Recipe, samples: int, **options: Any) -> dict[str, Any]:
    """What the recipe's evaluators say of a model on the test part, without a run; `options` are its own."""
    evaluators = [resolve(reference)() for reference in recipe.evaluators]
    sampling = sampling_of(recipe, options)
    request = Request(part="test", samples=samples, options=options, sampling=sampling)
    return evaluate(evaluators, model, source, recipe, request)
