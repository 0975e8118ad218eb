"""What measures a model: small objects that yield figures with their direction, their baselines and their protocol."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from aigc_tf.data.source import PartName, Source
from aigc_tf.families.base import GenerativeModel
from aigc_tf.recipes.base import Recipe

Curves = Mapping[str, Mapping[str, float]]
"""Of each figure that is watched while training, the values of the model and of what is beside it, by their names."""

Better = Literal["lower", "higher", "neither"]


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    value: float
    better: Better
    """Which way is better; "neither" for what has to be read beside others."""
    baselines: Mapping[str, float] = field(default_factory=dict)
    """What simpler methods reach, by their names: measured by the same command on the same examples."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of evaluators."""

    part: PartName
    """Which part of the source is looked at."""
    samples: int = 10_000
    """Examples that are generated, or held-out examples that are looked at, at most."""
    seed: int = 0
    """Of the samples."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The recipe's `evaluate_options`, by name."""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """Those of them that say how examples are drawn: the recipe's `sample_options`, too."""
    opened: Callable[[str], Any] | None = None
    """The model of another run, by its folder: evaluators whose options name a judge ask it."""


class Picture(NamedTuple):
    """A picture for the run's folder and its card."""

    image: np.ndarray
    """uint8 `[height, width, channels]`."""
    caption: str
    """What it shows and how to read it, in a sentence."""


class Table(NamedTuple):
    """Figures of parts of what was measured, such as classes."""

    rows: Sequence[Mapping[str, Any]]
    """Of each part texts, numbers, or None for what was not measured, by the columns' names; JSON-able."""
    caption: str
    """What it shows and how to read it."""


@dataclass(frozen=True)
class Measurement:
    """What an evaluator found."""

    figures: Mapping[str, Figure]
    protocol: Mapping[str, Any]
    """What they were measured with, JSON-able; figures of different protocols cannot be compared."""
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    """By name, which is that of a file too."""
    tables: Mapping[str, Table] = field(default_factory=dict)
    """By name."""


class Evaluator(abc.ABC):
    """Measures one side of a model. It has no state: `measure` is called on one object for all models."""

    @abc.abstractmethod
    def measure(self, model: Any, source: Any, recipe: Any, request: Request) -> Measurement:
        """Measure a model.

        Args:
            model: of the recipe.
            source: of the part that is looked at.
            recipe: of the model.
            request: how many examples, which part, which seed.

        Raises:
            InputError: there are too few examples, or something that is needed is not available.
        """


class Chooser(abc.ABC):
    """One figure that is cheap enough to pick the best checkpoint while training; lower is better."""

    name: str
    """Of the figure, in logs and files."""

    @abc.abstractmethod
    def value(self, model: Any, source: Any, recipe: Any, samples: int, part: PartName) -> float:
        """The figure.

        Args:
            model: of the recipe.
            source: of the part.
            recipe: of the model.
            samples: examples that it may take.
            part: "validation" or "train", never "test".
        """


# Of samples that are drawn to choose by. `evaluate` draws with other seeds.
CHOOSING_SEED = 2**31 - 1


def evaluate(
    evaluators: Sequence[Evaluator], model: GenerativeModel, source: Source, recipe: Recipe, request: Request
) -> dict[str, Any]:
    """The report of several evaluators, JSON-able but for its pictures.

    Returns:
        Each figure as a float under its name, and under "better" its direction, under "baselines" those of its figure,
        under "protocol" all that was measured with, under "pictures" each `Picture`, and under "tables" the rows and
        the caption of each `Table`, by name.
    """
    found = [evaluator.measure(model, source, recipe, request) for evaluator in evaluators]
    figures = {name: figure for measurement in found for name, figure in measurement.figures.items()}
    protocol: dict[str, Any] = {"samples": request.samples, "seed": request.seed, "part": request.part}
    protocol |= request.sampling
    for measurement in found:
        protocol |= measurement.protocol
    return {
        **{name: float(figure.value) for name, figure in figures.items()},
        "better": {name: figure.better for name, figure in figures.items()},
        "baselines": {name: dict(figure.baselines) for name, figure in figures.items() if figure.baselines},
        "protocol": protocol,
        "pictures": {name: picture for measurement in found for name, picture in measurement.pictures.items()},
        "tables": {name: table._asdict() for measurement in found for name, table in measurement.tables.items()},
    }
