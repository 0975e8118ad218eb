"""Train for a given time with intermediate measurements; finished results are kept in a file."""

from __future__ import annotations

import contextlib
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
    """The recipe, with changes, without previews and evaluation during training, and with the last checkpoint only."""
    logging = LoggingSettings(samples_every=NEVER, evaluate_every=NEVER)
    return dataclasses.replace(recipe, logging=logging, checkpoints=CheckpointSettings(every=NEVER), **changes)


class Stopwatch:
    """Measures training time, without the first step, which compiles, and calls `measure` at given marks.

    Args:
        marks: training times in seconds.
        measure: called with the mark and the number of steps.
        clock: clock in seconds.
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
        """Start of a step."""
        self.started = self.clock()

    def end(self) -> bool:
        """End of a step; measures if a mark was passed. Returns whether it was the last one."""
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


class _FinishedError(Exception):
    """Ends training at once, without the evaluation at its end."""


def watch_recipe(
    recipe: Recipe,
    marks: Sequence[float],
    reader: Callable[[Any], Callable[[float, int], None]],
    data: Any = None,
    clock: Callable[[], float] = time.perf_counter,
    strategy: Strategy | Workers = "one",
) -> None:
    """Train a recipe as a user would, with measurements, until the last mark.

    Args:
        recipe: the recipe; its steps and seconds are ignored.
        marks: training times in seconds.
        reader: model -> function called at each mark.
        data: data instead of the recipe's source, as for `aigc_tf.train`.
        clock: clock of the marks, in seconds.
        strategy: as for `aigc_tf.train`.
    """
    recipe = quiet(recipe, steps=10**6, seconds=None)

    class Watching(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            self.stopwatch = Stopwatch(marks, reader(self.model), clock)

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.stopwatch.begin()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if self.stopwatch.end():
                raise _FinishedError

    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(_FinishedError):
        aigc_tf.train(recipe, Path(folder) / "run", data=data, callbacks=[Watching()], strategy=strategy)


class Results:
    """Rows of a JSON Lines file, from which a repeated benchmark continues.

    Args:
        path: the file, created when the first row is added.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.rows = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []

    def find(self, **keys: Any) -> list[dict[str, Any]]:
        """The rows with these values."""
        return [row for row in self.rows if all(row.get(key) == value for key, value in keys.items())]

    def add(self, **row: Any) -> None:
        """Add a row, also to the file."""
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        self.rows.append(row)


def report_of(model: Any, source: Any, recipe: Recipe, samples: int, **options: Any) -> dict[str, Any]:
    """Report of the recipe's evaluators on the test part, for a model without a run; `options` as for its recipe."""
    evaluators = [resolve(reference)() for reference in recipe.evaluators]
    sampling = sampling_of(recipe, options)
    request = Request(part="test", samples=samples, options=options, sampling=sampling)
    return evaluate(evaluators, model, source, recipe, request)
