"""Evaluators: small objects that measure a model and report figures with direction, baselines and protocol."""

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
"""For each figure monitored in training, the values of the model and of its baselines, by name."""

Better = Literal["lower", "higher", "neither"]


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    value: float
    better: Better
    """Which direction is better; "neither" for figures that only make sense beside others."""
    baselines: Mapping[str, float] = field(default_factory=dict)
    """Baseline values by method name, measured by the same command on the same examples."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """Parameters of an evaluation."""

    part: PartName
    """The part of the source that is evaluated."""
    samples: int = 10_000
    """Maximum number of generated, or of held-out, examples."""
    seed: int = 0
    """Of the samples."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The recipe's `evaluate_options`, by name."""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """Those of them that are also among the recipe's `sample_options`, which control sampling."""
    opened: Callable[[str], Any] | None = None
    """Loads the model of another run by its folder, for evaluators whose options name a judge."""


class Picture(NamedTuple):
    """A picture for the run's folder and its card."""

    image: np.ndarray
    """uint8 `[height, width, channels]`."""
    caption: str
    """What it shows and how to read it, in a sentence."""


class Table(NamedTuple):
    """Figures by subset, such as by class."""

    rows: Sequence[Mapping[str, Any]]
    """One row per subset, by column name: texts, numbers, or None for what was not measured; JSON-able."""
    caption: str
    """What it shows and how to read it."""


@dataclass(frozen=True)
class Measurement:
    """The result of an evaluator."""

    figures: Mapping[str, Figure]
    protocol: Mapping[str, Any]
    """The settings of the measurement, JSON-able; figures with different protocols are not comparable."""
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    """By name, which is also the file name."""
    tables: Mapping[str, Table] = field(default_factory=dict)
    """By name."""


class Evaluator(abc.ABC):
    """Measures one aspect of a model. Stateless: `measure` is called on one object for all models."""

    @abc.abstractmethod
    def measure(self, model: Any, source: Any, recipe: Any, request: Request) -> Measurement:
        """Measure a model.

        Args:
            model: of the recipe.
            source: of the part that is evaluated.
            recipe: of the model.
            request: how many examples, which part, which seed.

        Raises:
            InputError: there are too few examples, or a requirement is missing.
        """


class Chooser(abc.ABC):
    """A figure cheap enough to select the best checkpoint during training; lower is better."""

    name: str
    """Name of the figure, in logs and files."""

    @abc.abstractmethod
    def value(self, model: Any, source: Any, recipe: Any, samples: int, part: PartName) -> float:
        """The figure.

        Args:
            model: of the recipe.
            source: of the part.
            recipe: of the model.
            samples: maximum number of examples.
            part: "validation" or "train", never "test".
        """


# Seed of the samples for checkpoint selection. `evaluate` uses other seeds.
CHOOSING_SEED = 2**31 - 1


def evaluate(
    evaluators: Sequence[Evaluator], model: GenerativeModel, source: Source, recipe: Recipe, request: Request
) -> dict[str, Any]:
    """Run several evaluators and return their report, JSON-able except for its pictures.

    Returns:
        Each figure as a float under its name, its direction under "better", its baselines under "baselines", the
        settings of all measurements under "protocol", each `Picture` under "pictures", and the rows and the caption of
        each `Table` under "tables", by name.
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
