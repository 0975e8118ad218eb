"""Style transfer of photographs against per-picture optimisation with the same losses and features."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from aigc_tf.errors import InputError
from aigc_tf.metrics.images.restoration import MAX_PHOTOS
from aigc_tf.metrics.images.style import distances
from aigc_tf.modalities.drawing import to_bytes, write_png
from aigc_tf.recipes.styles import StyleRecipe
from aigc_tf.runs.run import Run
from aigc_tf.storage.files import write_atomically
from tools.benchmarks.readings import Results
from tools.benchmarks.tables import markdown

RATE, BETAS = 0.02, (0.9, 0.999)  # Adam, for brightness in [0, 1]
COPY, NETWORK = "the photograph", "the network"
FIGURES = ("style_distance", "content_distance", "loss", "processor_seconds")

Inputs = dict[str, np.ndarray]
"""The network's inputs by name, one picture each: `[1, side, side, channels]`."""
Make = Callable[[Inputs, int], np.ndarray]
"""Inputs and, for optimisation, a number of steps -> a picture of the same shape."""


def style(runs: tuple[Path, ...], side: int, steps: int, results: Path) -> list[dict[str, Any]]:
    """Style and content losses, and CPU seconds, for the centre crop of each test photograph.

    Args:
        runs: trained runs of `style` or `adain`.
        side: size of the crop in pixels.
        steps: optimisation steps per picture.
        results: JSON Lines file of finished results; pictures go to a folder of its name without the extension.

    Returns:
        Means over photographs, by run and method.
    """
    done = Results(results)
    rows: list[dict[str, Any]] = []
    for path in runs:
        run = Run.open(path, "last")
        model, source, recipe = run.model, run.source, cast(StyleRecipe, run.recipe)
        middles = source.middles("test", MAX_PHOTOS, side, recipe.granularity)
        photos = [photo for photo in middles if photo.shape[:2] == (side, side)]
        if not photos:
            raise InputError(f"{path} has no test photographs of {side} pixels: train with --photos.test FOLDER")
        inputs = model.inputs_for(np.stack(photos), source, "test")
        methods = methods_of(model) | {f"{steps} steps of optimisation": optimisation(model)}
        for name, make in methods.items():
            key = {"run": path.name, "steps": run.step, "side": side, "method": name}
            for index in tqdm(range(len(photos)), f"{path.name}, {name}"):
                if not done.find(**key, photograph=index):
                    one = {part: values[index : index + 1] for part, values in inputs.items()}
                    picture, found = measured(model, make, one, steps)
                    keep(results.with_suffix("") / path.name / name.replace(" ", "_") / f"{index}.png", picture)
                    done.add(**key, photograph=index, **found)
            own = done.find(**key)
            means = {figure: float(np.mean([row[figure] for row in own])) for figure in FIGURES}
            rows.append(key | {"photographs": len(own)} | means)
    return rows


def methods_of(model: Any) -> dict[str, Make]:
    """The network and its baselines."""
    return {
        COPY: lambda inputs, _: inputs["image"],
        NETWORK: lambda inputs, _: model.called(model.used, inputs, training=False).numpy(),
    }


def measured(model: Any, make: Make, inputs: Inputs, steps: int) -> tuple[np.ndarray, dict[str, float]]:
    """The output of a method for one photograph, and its figures."""
    make(inputs, 1)  # one-time work, such as tracing, is not timed
    start = time.process_time()
    picture = make(inputs, steps)
    seconds = time.process_time() - start
    return picture, distances(model, picture, inputs) | {"processor_seconds": seconds}


def optimisation(model: Any) -> Make:
    """Pictures optimised with Adam to minimise the model's loss, initialised as the photographs (Gatys et al. 2016)."""

    @tf.function
    def optimised(inputs: dict[str, tf.Tensor], steps: tf.Tensor) -> tf.Tensor:
        pictures = inputs["image"]
        mean = square = tf.zeros_like(pictures)
        for step in tf.range(1.0, steps + 1):
            with tf.GradientTape() as tape:
                tape.watch(pictures)
                loss = tf.reduce_sum(model.weighted(*model.distances(pictures, inputs)))
            gradient = tape.gradient(loss, pictures)
            mean = BETAS[0] * mean + (1 - BETAS[0]) * gradient
            square = BETAS[1] * square + (1 - BETAS[1]) * tf.square(gradient)
            rate = RATE * tf.sqrt(1 - BETAS[1] ** step) / (1 - BETAS[0] ** step)  # Kingma & Ba 2015, end of §2
            pictures = tf.clip_by_value(pictures - rate * mean / (tf.sqrt(square) + 1e-8), 0.0, 1.0)
        return pictures

    return lambda inputs, steps: optimised(inputs, tf.constant(float(steps))).numpy()


def keep(path: Path, picture: np.ndarray) -> None:
    """Write a picture `[1, height, width, channels]` in [0, 1] as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda file: write_png(file, to_bytes(picture[0]), {}))


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table; the last column is each method's time relative to the network."""
    network = {row["run"]: row["processor_seconds"] for row in rows if row["method"] == NETWORK}
    head = ["run", "photographs", "method", *(name.replace("_", " ") for name in FIGURES), "times the network's"]
    cells = [
        [
            *(row[name] for name in ("run", "photographs", "method", *FIGURES)),
            row["processor_seconds"] / network[row["run"]],
        ]
        for row in rows
    ]
    return markdown(head, cells)
