"""Quality of language models after a given training time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

import aigc_tf
from aigc_tf.data.text.opening import open_source
from aigc_tf.errors import say
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.metrics.text.likelihood import bits_per_character, held_out_nats
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.text import TextRecipe
from aigc_tf.recipes.word_lstm import WordLSTM
from tools.benchmarks.readings import Results, Stopwatch, quiet

EVERYTHING = 10**9  # held-out windows
TIMED_STEPS = 20

RECIPES: dict[str, type[TextRecipe]] = {"gpt": GPT, "char_rnn": CharRNN, "word_lstm": WordLSTM}


def bits_in_time(name: str, source: str, seed: int, seconds: Sequence[float], results: Path) -> list[dict[str, Any]]:
    """Held-out bits per character after given training times; skips what `results` already has.

    The model trains once, with its schedule ending at the longest time; shorter ones are measured within that run.

    Args:
        name: name of a recipe in `RECIPES`.
        source: text source.
        seed: random seed of the training.
        seconds: training times.
        results: JSON Lines file of finished results.
    """
    done = Results(results)
    key: dict[str, Any] = {"recipe": name, "source": source, "seed": seed, "marks": sorted(seconds)}
    if not done.find(**key):
        done.add(**key, readings=_readings(RECIPES[name](source=source, seed=seed), sorted(seconds)))
    return done.find(**key)[0]["readings"]


def _readings(recipe: TextRecipe, marks: list[float]) -> list[dict[str, Any]]:
    source = open_source(recipe)
    steps = max(2, int(marks[-1] / seconds_of_step(recipe)))
    recipe = quiet(recipe, steps=steps)
    readings: list[dict[str, Any]] = []

    def read(model: LanguageModel, mark: float, step: int) -> None:
        nats, _ = held_out_nats(model, source, EVERYTHING, "test")
        bits = bits_per_character(nats, source, "test")
        readings.append({"seconds": mark, "steps": step, "bits_per_character": bits})
        say(f"\n{recipe.slug()}: {mark:.0f} s, {step} steps, {bits:.3f} bits per character")

    class Watching(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            # The last mark is measured when the schedule has ended.
            self.stopwatch = Stopwatch(marks[:-1], lambda mark, step: read(self.model, mark, step))

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.stopwatch.begin()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.stopwatch.end()

    with tempfile.TemporaryDirectory() as folder:
        run = aigc_tf.train(recipe, Path(folder) / "run", callbacks=[Watching()])
        read(run.model, marks[-1], run.step)
    return readings


def seconds_of_step(recipe: TextRecipe) -> float:
    """Seconds per training step, after the first ones."""
    source = open_source(recipe)
    model = aigc_tf.create(recipe, vocabulary=source.vocabulary)
    step, batches = tf.function(model.train_step), iter(source.batches(recipe.batch_size, recipe.seed))
    began = 0.0
    for index in range(2 * TIMED_STEPS):
        if index == TIMED_STEPS:
            began = time.perf_counter()
        float(step(next(batches))["loss"])
    return (time.perf_counter() - began) / TIMED_STEPS
