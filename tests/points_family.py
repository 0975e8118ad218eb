"""A model family outside the package, in one file: points in the plane.

It reads .csv files of x,y, generates and transforms points, writes .svg, has an evaluator with a baseline, and trains,
resumes, exports and gets a card through the ordinary commands. `AIGC_TF_RECIPES=tests.points_family` lets tools open
its runs.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import keras
import numpy as np
import tensorflow as tf
from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.cli.command import train_command
from aigc_tf.data.order import Rows
from aigc_tf.data.source import NO_VALIDATION, Batch, PartName, Source, validation_count
from aigc_tf.errors import UnreadableError
from aigc_tf.families.base import GenerativeModel, Signature, TensorSpec
from aigc_tf.families.tasks import Draws, Transforms
from aigc_tf.metrics.evaluator import Chooser, Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.held_out import HeldOutLoss
from aigc_tf.modalities.base import Modality
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.settings import AdamSettings
from aigc_tf.storage.files import write_text

# The modality.


class Points(Modality):
    """float32 `[2]`: x and y."""

    name = "points"
    reads = (".csv",)
    writes: ClassVar[tuple[str, ...]] = (".svg", ".csv")

    def read(self, path: Path) -> np.ndarray:
        """The single point of a file."""
        try:
            (x, y), *others = read_points(path)
        except ValueError as error:
            raise UnreadableError(f"is not one x,y: {error}") from error
        if others:
            raise UnreadableError(f"has {1 + len(others)} points, and one is wanted")
        return np.array([x, y], np.float32)

    def write(self, path: Path, value: np.ndarray, made_by: Mapping[str, str]) -> None:
        """An .svg of one point."""
        self.write_all(path, value[None], made_by)

    def write_all(self, path: Path, values: Any, made_by: Mapping[str, str], columns: int | None = None) -> None:
        """.svg: one dot per point; .csv: one line per point."""
        origin = "; ".join(f"{key}: {value}" for key, value in made_by.items())
        if path.suffix == ".csv":
            write_text(path, "".join(f"{x:.6g},{y:.6g}\n" for x, y in values))
            return
        dots = "".join(f'<circle cx="{x:.4f}" cy="{y:.4f}" r="0.02"/>' for x, y in values)
        head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 4 4">'
        write_text(path, f"{head}<desc>{origin}</desc>{dots}</svg>\n")

    def show(self, values: Any, columns: int | None = None) -> np.ndarray:
        """Black dots on white, from -2 to 2."""
        picture = np.full((64, 64, 1), 255, np.uint8)
        places = np.clip((np.asarray(values) + 2) * 16, 0, 63).astype(int)
        picture[63 - places[:, 1], places[:, 0]] = 0
        return picture


def read_points(path: Path) -> list[tuple[float, float]]:
    """The lines x,y of a .csv file."""
    with path.open(newline="") as file:
        return [(float(x), float(y)) for x, y in csv.reader(file)]


# The source.


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class PointSource(Source):
    """Points, `[count, 2]` in each part."""

    train: np.ndarray
    validation: np.ndarray | None = None
    test: np.ndarray
    validation_split: str = NO_VALIDATION

    @cached_property
    def fingerprint(self) -> str:
        parts = [self.train, *([] if self.validation is None else [self.validation]), self.test]
        return hashlib.sha256(np.concatenate(parts).tobytes()).hexdigest()

    @property
    def count(self) -> int:
        return len(self.train)

    def validated(self) -> Self:
        count = validation_count(len(self.train))
        words = f"the last {count} training points"
        return dataclasses.replace(
            self, train=self.train[:-count], validation=self.train[-count:], validation_split=words
        )

    def inputs(self, part: PartName, count: int) -> np.ndarray:
        return self.part(part)[:count]

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        yield {"point": self.part(part)[:count]}

    def read(self, rows: Rows, seed: int) -> Batch:
        return {"point": tf.gather(tf.constant(self.train), rows.examples)}

    def describe(self) -> dict[str, Any]:
        return {"points": len(self.train), "validation split": self.validation_split, "licence": self.licence}


def open_points(recipe: PointFlow, data: Any = None) -> PointSource:
    """The points of a .csv file, or a ring."""
    if recipe.source == "auto":
        angles = np.random.default_rng(0).uniform(0, 2 * np.pi, 500)
        points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    else:
        points = np.array(read_points(Path(recipe.source)))
    points = points.astype(np.float32)
    cut = len(points) // 10
    source = PointSource(
        name=recipe.source,
        test_split="the first tenth",
        licence="made up",
        notes=(f"{len(points)} points",),
        train=points[cut:],
        test=points[:cut],
    )
    return source.for_recipe(recipe)


# Recipe, network, model.


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PointFlow(Recipe):
    """Generates points by transforming Gaussian noise with a small network, and maps points back onto the data."""

    model: ClassVar[str] = f"{__name__}:PointModel"
    networks: ClassVar[Mapping[str, str]] = {"push": f"{__name__}:push", "fold": f"{__name__}:push"}
    data: ClassVar[str] = f"{__name__}:open_points"
    evaluators: ClassVar[tuple[str, ...]] = (f"{__name__}:NearestPoint",)
    chooses: ClassVar[str] = f"{__name__}:FoldLoss"
    export_quality: ClassVar[str] = f"{__name__}:export_quality"

    units: PositiveInt = 32
    """Units of the hidden layers."""
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-2)

    @classmethod
    def tiny(cls) -> Self:
        return cls(units=8, batch_size=16)


def push(recipe: PointFlow) -> keras.Model:
    """`[batch, 2]` -> `[batch, 2]`."""
    inputs = keras.Input((2,), name="noise")
    x = keras.layers.Dense(recipe.units, "tanh", name="hidden")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, name="out")(x), name="push")


class PointModel(GenerativeModel, Draws, Transforms):
    """A generator trained by the energy distance (Székely & Rizzo 2013), and a denoiser of points."""

    def __init__(self, recipe: PointFlow, push: keras.Model, fold: keras.Model) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.push, self.fold = recipe, push, fold
        self.noise_seed = keras.random.SeedGenerator(recipe.seed, name="noise_seed")
        self.adam = adam(recipe.optimizer, self.trainable_variables)
        self.ready()

    @property
    def takes(self) -> Points:
        return Points()

    @property
    def gives(self) -> Points:
        return Points()

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        points = batch["point"]
        noise = keras.random.normal((2, *points.shape), seed=self.noise_seed)
        with tf.GradientTape() as tape:
            made = self.push(noise[0], training=True)
            energy = 2 * distances(made, points) - distances(made, made) - distances(points, points)
            folded = tf.reduce_mean(tf.square(self.fold(points + 0.2 * noise[1], training=True) - points))
            loss = energy + folded
        self.adam.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        return {"loss": loss, "fold_loss": folded}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        noise = 0.2 * keras.random.normal(tf.shape(batch["point"]), seed=0)
        return {"loss": tf.reduce_mean(tf.square(self.fold(batch["point"] + noise) - batch["point"]))}

    def generate(self, count: int, seed: int = 0, condition: Any = None) -> np.ndarray:
        self.conditions(condition, count)
        normal = np.random.default_rng(seed).standard_normal((count, 2), dtype=np.float32)
        return self.push.predict_on_batch(normal)

    def transform(self, inputs: np.ndarray, seed: int = 0, condition: Any = None) -> np.ndarray:
        self.conditions(condition, len(inputs))
        return self.fold.predict_on_batch(np.asarray(inputs, np.float32))

    def previews(self, source: PointSource) -> dict[str, np.ndarray]:
        return {"samples": self.gives.show(self.generate(100))}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        def noise(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"noise": np.random.default_rng(seed).standard_normal((count, 2), dtype=np.float32)}

        point = {"point": TensorSpec((2,), "x and y")}
        return {
            "generate": Signature(self.push, {"noise": TensorSpec((2,), "standard normal")}, point, noise),
            "fold": Signature(self.fold, {"noise": TensorSpec((2,), "a noisy point")}, point, noise),
        }


def distances(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Mean pairwise distance."""
    return tf.reduce_mean(tf.sqrt(tf.reduce_sum(tf.square(first[:, None] - second), axis=-1) + 1e-9))


# Evaluation.


class FoldLoss(HeldOutLoss, Chooser):
    """The held-out loss of the denoiser."""

    name = "fold_loss"


class NearestPoint(Evaluator):
    """Distance of generated points from the nearest test point; the baseline samples from a Gaussian."""

    def measure(self, model: PointModel, source: PointSource, recipe: Any, request: Request) -> Measurement:
        real = source.part(request.part)
        drawn = np.random.default_rng(request.seed).multivariate_normal(
            source.train.mean(axis=0), np.cov(source.train.T), request.samples
        )
        near = Figure(
            nearest(model.generate(request.samples, request.seed), real), "lower", {"Gaussian": nearest(drawn, real)}
        )
        return Measurement({"nearest_point": near}, {"test split": source.test_split})


def nearest(points: np.ndarray, real: np.ndarray) -> float:
    """Mean distance to the nearest real point."""
    return float(np.linalg.norm(points[:, None] - real, axis=-1).min(axis=1).mean())


def export_quality(model: PointModel, source: Any, recipe: Any, runner: Any, quantize: str) -> dict[str, Any]:
    """Maximum difference between network and file."""
    signatures: Mapping[str, Signature] = model.signatures(source)
    examples = signatures["generate"].examples(100, 1)
    change = float(
        np.abs(runner.map("generate", examples)["point"] - model.push.predict_on_batch(examples["noise"])).max()
    )
    return {
        "generate": {"measure": "largest difference", "before": 0.0, "after": change, "change": change, "limit": 1.0}
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The trainer."""
    train_command(PointFlow, arguments)
