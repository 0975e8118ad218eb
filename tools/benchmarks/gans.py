"""Every GAN recipe, TensorFlow's tutorial, and its loop with our networks, after the same training time."""

from __future__ import annotations

import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

from aigc_tf.errors import InputError, say
from aigc_tf.recipes.captioned import CaptionedRecipe
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.gans import GANRecipe
from aigc_tf.recipes.private import Private
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.references import resolve
from tools.benchmarks.tables import markdown

TUTORIALS = ("tutorial", "tutorial_loop")  # as published; its loop with the networks of `dcgan`
# Single measurements vary by a third: a figure is the mean of those at these shares of the time.
SHARES = (0.8, 0.9, 1.0)
FIGURES = ("frechet_distance", "kernel_distance", "precision", "recall", "relative_class_agreement")


def gan_recipes() -> dict[str, type[GANRecipe]]:
    """Every GAN recipe of plain pictures by its short name, without private ones.

    The noise of private recipes depends on the training time.
    """
    recipes = recipe_classes().items()
    return {n: r for n, r in recipes if issubclass(r, GANRecipe) and not issubclass(r, Private | CaptionedRecipe)}


def gans(
    seconds: Sequence[float],
    names: Sequence[str],
    seeds: Sequence[int],
    samples: int,
    source: str,
    results: Path,
    processor_time: bool = False,
) -> list[dict[str, Any]]:
    """Train each recipe once for the longest of `seconds`; skips what `results` already has. See `rows_of`.

    Args:
        seconds: training times; shorter ones are measured within the longest run.
        names: short names of recipes, "tutorial", "tutorial_loop"; empty: all, the tutorials first.
        seeds: random seeds; each trains all recipes.
        samples: number of samples per measurement.
        source: data to train on.
        results: JSON Lines file of finished results; a repeated call continues from it.
        processor_time: count CPU time of all cores together, which other programs do not affect.

    Raises:
        InputError: there is no such recipe.
    """
    from tools.benchmarks.readings import Results

    known = (*TUTORIALS, *gan_recipes())
    for name in names:
        if name not in known:
            raise InputError(f"there is no GAN recipe {name}: choose of {', '.join(known)}")
    done = Results(results)
    marks = sorted(share * total for total in seconds for share in SHARES)
    chosen = list(names) or list(known)
    for seed in seeds:
        for name in chosen:
            keys = {"recipe": name, "seed": seed, "source": source, "samples": samples, "marks": marks}
            keys |= {"processor_time": True} if processor_time else {}
            if not done.find(**keys):
                done.add(**keys, **in_a_process_of_its_own(name, seed, source, samples, marks, processor_time))
    found = done.find(source=source, samples=samples, marks=marks)
    wanted = [row for row in found if row["seed"] in seeds and row.get("processor_time", False) == processor_time]
    return [row for name in chosen for row in rows_of(wanted, name, seconds)]


def in_a_process_of_its_own(
    name: str,
    seed: int,
    source: str,
    samples: int,
    marks: Sequence[float],
    processor_time: bool = False,
    evaluations: Sequence[int] = (),
) -> dict[str, Any]:
    """`measure` in a new process, so that its peak memory is that of this training."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=end_with_parent) as pool:
        return pool.submit(measure, name, seed, source, samples, marks, processor_time, evaluations).result()


def end_with_parent() -> None:
    """Exit this process when its parent is killed, instead of training on for minutes."""

    def watch(parent: Any) -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, args=(parent_process(),), daemon=True).start()


def measure(
    name: str,
    seed: int,
    source: str,
    samples: int,
    marks: Sequence[float],
    processor_time: bool = False,
    evaluations: Sequence[int] = (),
) -> dict[str, Any]:
    """Train a recipe or a tutorial until the last mark.

    Args:
        name: short name of the recipe, or one of `TUTORIALS`.
        seed: random seed of the training.
        source: data to train on.
        samples: number of samples per measurement.
        marks: measurement times in seconds.
        processor_time: see `gans`.
        evaluations: numbers of network evaluations per sample of a flow; each is measured.

    Returns:
        "readings" at each mark; "images" per step, their "shape", and "peak_bytes" of the process before the first
        measurement.
    """
    kind: Any = DCGAN if name in TUTORIALS else recipe_classes()[name]
    recipe = kind(source=source, seed=seed)
    clock = time.process_time if processor_time else time.perf_counter
    opened = cache(lambda: resolve(recipe.data)(recipe))  # at the first reading: not counted as training memory
    found: dict[str, Any] = {"shape": recipe.images.shape, "images": recipe.examples_per_step, "readings": []}

    from tools.benchmarks.readings import report_of

    def reader(model: Any) -> Callable[[float, int], None]:
        def read(mark: float, steps: int) -> None:
            found.setdefault("peak_bytes", peak_bytes())
            for options in [{"evaluations": count} for count in evaluations] or [{}]:
                report = report_of(model, opened(), recipe, samples, **options)
                figures = {figure: report[figure] for figure in FIGURES if figure in report}
                found["readings"].append({"seconds": mark, "steps": steps, **options, **figures})
                distance = f"{mark:.0f} s, {steps} steps, distance {figures['frechet_distance']:.2f}"
                say(f"\n{name}, seed {seed}: {distance}{''.join(f', {n} evaluations' for n in options.values())}")

        return read

    if name in TUTORIALS:
        found["images"] = train_tutorial(name, recipe, marks, reader, clock)
    else:
        from tools.benchmarks.readings import watch_recipe

        watch_recipe(recipe, marks, reader, clock=clock)
    return found


def train_tutorial(
    name: str, recipe: GANRecipe, marks: Sequence[float], reader: Callable[[Any], Any], clock: Callable[[], float]
) -> int:
    """Train one of `TUTORIALS`; returns its batch size."""
    import tensorflow as tf

    from aigc_tf.data.images.opening import open_source, to_unit
    from tools.benchmarks.readings import Stopwatch, watch_loop
    from tools.benchmarks.tutorials import tutorial_as_published, tutorial_loop

    published = name == "tutorial"
    tutorial = tutorial_as_published(recipe.seed) if published else tutorial_loop(DCGAN(seed=recipe.seed))
    batches = iter(tutorial.batches(to_unit(open_source(recipe).train.images), recipe.seed))
    watch_loop(tf.function(tutorial.step), batches, Stopwatch(marks, reader(tutorial), clock))
    return tutorial.batch_size


def peak_bytes() -> int:
    """Peak memory of this process."""
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def rows_of(
    results: Sequence[dict[str, Any]], name: str, seconds: Sequence[float], evaluations: int | None = None
) -> list[dict[str, Any]]:
    """One row per training time: medians over seeds of the means over its last fifth.

    Args:
        results: results of `measure`.
        name: short name of the recipe.
        seconds: training times.
        evaluations: number of network evaluations per sample, for a flow.
    """
    runs = []
    for row in results:
        if row["recipe"] == name:
            chosen = [reading for reading in row["readings"] if reading.get("evaluations") == evaluations]
            runs.append(row | {"readings": chosen})
    rows = []
    for total in seconds:
        marks = [share * total for share in SHARES]
        figures = {}
        for figure in FIGURES:
            by_seed = [
                statistics.mean(reading[figure] for reading in run["readings"] if reading["seconds"] in marks)
                for run in runs
                if figure in run["readings"][0]
            ]
            figures[figure] = statistics.median(by_seed) if by_seed else None
        last = [next(reading for reading in run["readings"] if reading["seconds"] == total) for run in runs]
        speed = [run["images"] * reading["steps"] / total for run, reading in zip(runs, last, strict=True)]
        rows.append(
            {
                "recipe": name,
                "seconds": total,
                **figures,
                "images_per_second": round(statistics.median(speed)),
                "peak_megabytes": round(statistics.median(run["peak_bytes"] for run in runs) / 1e6),
                "shape": "x".join(map(str, runs[0]["shape"])),
                "seeds": len(runs),
            }
        )
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    return markdown([key.replace("_", " ") for key in rows[0]], [list(row.values()) for row in rows])
