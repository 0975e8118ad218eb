"""ELBO and Fréchet distance after a given training time: the convolutional VAE against keras.io's example."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tqdm import tqdm

import aigc_tf
from aigc_tf.data.images.opening import open_source
from aigc_tf.errors import say
from aigc_tf.metrics.held_out import held_out_loss
from aigc_tf.metrics.images.samples import frechet_distance_of_model
from aigc_tf.recipes.conv_vae import ConvVAE
from tools.benchmarks.keras_io_vae import KerasIoVAE
from tools.benchmarks.readings import Results, Stopwatch, watch_loop, watch_recipe
from tools.benchmarks.step_speed import of_images

FIGURES = ("negative_bound", "frechet_distance")
# Early measurements show from when on ours is ahead.
EARLY_SECONDS = (30.0, 60.0)


def vae_quality(
    seconds: Sequence[float], seeds: Sequence[int], samples: int, source: str, results: Path
) -> dict[str, Any]:
    """Train ours and keras.io's, with its latent dimension and with ours, unless `results` has them already.

    Each trains once for the longest of `seconds`; shorter times are measured within that run. The ELBO is over all
    test images, with cross-entropy on grey values as the likelihood, and one sample per image.
    """
    ours = ConvVAE(source=source)
    sides: dict[str, Callable[[int, list[float]], list[dict[str, float]]]] = {
        "aigc_tf": lambda seed, marks: train_ours(source, seed, marks, samples),
        "keras.io, latent 2": lambda seed, marks: train_keras_io(2, source, seed, marks, samples),
        f"keras.io, latent {ours.latent_dim}": lambda seed, marks: train_keras_io(
            ours.latent_dim, source, seed, marks, samples
        ),
    }
    done = Results(results)
    marks = sorted({*EARLY_SECONDS, *seconds})
    for seed in seeds:
        for side, train in sides.items():
            key = {"side": side, "seed": seed, "source": source, "samples": samples}
            longest = max((row["readings"][-1]["seconds"] for row in done.find(**key)), default=0)
            if longest < marks[-1]:
                done.add(**key, readings=train(seed, marks))
    return {
        side: {
            f"{mark:g} s": {
                figure: _over_seeds(done.find(side=side, source=source, samples=samples), seeds, mark, figure)
                for figure in FIGURES
            }
            for mark in marks
        }
        for side in sides
    }


def _over_seeds(rows: Sequence[dict[str, Any]], seeds: Sequence[int], mark: float, figure: str) -> dict[str, Any]:
    by_seed = {
        row["seed"]: reading[figure]
        for row in rows
        if row["seed"] in seeds
        for reading in row["readings"]
        if reading["seconds"] == mark
    }
    return {"median": statistics.median(by_seed.values()), "by_seed": by_seed}


def train_ours(source_name: str, seed: int, marks: list[float], samples: int) -> list[dict[str, float]]:
    """Measurements of this project's recipe."""
    recipe = ConvVAE(source=source_name, seed=seed)
    source = open_source(recipe)
    readings: list[dict[str, float]] = []

    def reader(model: Any) -> Callable[[float, int], None]:
        def read(mark: float, steps: int) -> None:
            bound = held_out_loss(model, source, len(source.test.images), "test")
            distance = frechet_distance_of_model(model, source, recipe, samples, part="test")
            _record("aigc_tf", readings, mark, steps, bound, distance)

        return read

    watch_recipe(recipe, marks, reader)
    return readings


def train_keras_io(
    latent_dim: int, source_name: str, seed: int, marks: list[float], samples: int
) -> list[dict[str, float]]:
    """Measurements of keras.io's example."""
    recipe = ConvVAE(source=source_name, seed=seed)
    source = open_source(recipe)
    model = KerasIoVAE(latent_dim, seed)
    test = source.test.images.astype("float32") / 255
    readings: list[dict[str, float]] = []

    def read(mark: float, steps: int) -> None:
        distance = frechet_distance_of_model(model, source, recipe, samples, part="test")
        _record(f"keras.io, latent {latent_dim}", readings, mark, steps, model.negative_bound(test), distance)

    batches = model.batches(source.train.images.astype("float32") / 255, seed)
    watch_loop(tf.function(model.step), batches, Stopwatch(marks, read))
    return readings


def _record(
    side: str, readings: list[dict[str, float]], mark: float, steps: int, bound: float, distance: float
) -> None:
    readings.append({"seconds": mark, "steps": steps, "negative_bound": bound, "frechet_distance": distance})
    say(f"\n{side}: {mark:.0f} s, {steps} steps, bound -{bound:.2f} nats, Fréchet distance {distance:.2f}")


def vae_step_speed(batch_size: int, rounds: int) -> dict[str, Any]:
    """Median milliseconds of keras.io's step, and of ours with keras.io's and with our networks, timed alternately."""
    example = KerasIoVAE(2, seed=0)
    recipe = ConvVAE(latent_dim=2, average_images=None, batch_size=batch_size)
    logits = keras.Model(example.decoder.inputs, example.decoder.layers[-1].input)
    variants = {
        "keras.io": example.step,
        "aigc_tf, networks of keras.io": of_images(_model_over(recipe, example.encoder, logits).train_step),
        "aigc_tf, its own networks": of_images(aigc_tf.create(ConvVAE(batch_size=batch_size)).train_step),
    }
    images = tf.random.uniform((batch_size, *recipe.images.shape), seed=0)
    compiled = {name: tf.function(step) for name, step in variants.items()}
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for round_ in tqdm(range(rounds + 3), unit="round"):
        for name, step in compiled.items():
            start = time.perf_counter()
            tf.nest.map_structure(lambda value: value.numpy(), step(images))
            if round_ >= 3:  # after warm-up
                seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "batch_size": batch_size,
        "rounds": rounds,
        "milliseconds": {name: 1000 * median for name, median in medians.items()},
        "times_faster_than_keras_io": {name: medians["keras.io"] / median for name, median in medians.items()},
    }


def _model_over(recipe: ConvVAE, encoder: keras.Model, decoder: keras.Model) -> Any:
    from aigc_tf.families.autoencoder.vae import VAE

    return VAE(recipe, keras.models.clone_model(encoder), keras.models.clone_model(decoder))
