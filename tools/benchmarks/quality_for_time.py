"""Fréchet distance after a given training time: this project's recipe against TensorFlow's tutorial loop."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from aigc_tf.data.images.opening import open_source, to_unit
from aigc_tf.errors import say
from aigc_tf.metrics.images.samples import frechet_distance_of_model
from aigc_tf.recipes.dcgan import DCGAN
from tools.benchmarks.readings import Results, Stopwatch, watch_loop, watch_recipe
from tools.benchmarks.tutorials import tutorial_loop

# Single measurements vary by a third: a figure is the mean of those at these shares of the time.
SHARES = (0.8, 0.9, 1.0)


def quality_for_time(
    seconds: Sequence[float], seeds: Sequence[int], samples: int, source: str, results: Path, plot: Path | None
) -> dict[str, Any]:
    """Train both sides with every seed, unless `results` has them already, and summarise.

    Each side trains once for the longest of `seconds`; shorter times are measured within that run.

    Returns:
        For each side and time the median over seeds, the figures of all seeds, and the ratio of the medians.
    """
    done = Results(results)
    marks = [share * total for total in seconds for share in SHARES]
    for seed in seeds:
        for side, train in (("tutorial", train_tutorial), ("aigc_tf", train_ours)):
            if not done.find(side=side, seed=seed, source=source):
                readings = train(DCGAN(source=source, seed=seed), marks, samples)
                done.add(side=side, seed=seed, source=source, samples=samples, readings=readings)
    chosen = [row for row in done.find(source=source) if row["seed"] in seeds]
    if plot is not None:
        draw(chosen, plot)
    return summary(chosen, seconds)


def train_tutorial(recipe: DCGAN, marks: Sequence[float], samples: int) -> list[dict[str, float]]:
    """Measurements of the tutorial's loop."""
    source = open_source(recipe)
    tutorial = tutorial_loop(recipe)
    readings: list[dict[str, float]] = []
    stopwatch = Stopwatch(marks, reader("tutorial", tutorial, source, recipe, samples, readings))
    batches = iter(tutorial.batches(to_unit(source.train.images), recipe.seed))
    watch_loop(tf.function(tutorial.step), batches, stopwatch)
    return readings


def train_ours(recipe: DCGAN, marks: Sequence[float], samples: int) -> list[dict[str, float]]:
    """Measurements of this project's training."""
    readings: list[dict[str, float]] = []
    source = open_source(recipe)
    watch_recipe(recipe, marks, lambda model: reader("aigc_tf", model, source, recipe, samples, readings))
    return readings


def reader(
    side: str, model: Any, source: Any, recipe: DCGAN, samples: int, readings: list[dict[str, float]]
) -> Callable[[float, int], None]:
    """A function that measures the model and appends the result."""

    def read(mark: float, steps: int) -> None:
        distance = frechet_distance_of_model(model, source, recipe, samples, part="test")
        readings.append({"seconds": mark, "steps": steps, "frechet_distance": distance})
        say(f"\n{side}, seed {recipe.seed}: {mark:.0f} s, {steps} steps, Fréchet distance {distance:.2f}")

    return read


def summary(rows: Sequence[dict[str, Any]], seconds: Sequence[float]) -> dict[str, Any]:
    """Medians over seeds of the means over the last fifth of the time."""
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
    """Plot all measurements: distance over seconds, one line per side and seed."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
    for side, colour, label in (("tutorial", "C1", "TensorFlow's tutorial loop"), ("aigc_tf", "C0", "aigc_tf")):
        for index, row in enumerate(row for row in rows if row["side"] == side):
            x = [reading["seconds"] for reading in row["readings"]]
            y = [reading["frechet_distance"] for reading in row["readings"]]
            axes.plot(x, y, "o-", color=colour, markersize=3, alpha=0.7, label=None if index else label)
    axes.set(xlabel="seconds of training", ylabel="Fréchet distance", xlim=(0, None), ylim=(0, None))
    axes.legend()
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
