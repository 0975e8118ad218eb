"""Explorations of a latent space, one class each, with its options."""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import tyro

from aigc_tf.cli.checks import require_counts, require_place, require_seed
from aigc_tf.errors import InputError
from aigc_tf.recipes.options import MIN_TRUNCATION

if TYPE_CHECKING:
    import numpy as np

    from aigc_tf.modalities.base import Modality
    from aigc_tf.runs.run import Run

ENCODED = 1000  # examples that measure how active the latent dimensions are
IN_A_ROW = 10  # values of an interpolation
MOVED = 9  # values along a direction, in one row

Shown = tuple[Any, int | None]
"""Values, and the number of columns of their grid; None for a roughly square one."""
Words = Annotated[tuple[str, ...], tyro.conf.arg(aliases=["--labels"])]


@dataclass(frozen=True, kw_only=True)
class Exploration(abc.ABC):
    """Something to show about a latent space."""

    needs: ClassVar[tuple[str, ...]]
    """The tasks that a model has to support for it."""
    is_way: ClassVar[bool] = False
    """Whether the values form a sequence, and so can be an animation."""

    count: int | None = None
    """Number of values, rounded to full rows in a grid; a suitable default if not given."""
    seed: int = 0
    """Random seed; the same seed gives the same result."""
    out: Path | None = None
    """File, or a folder for single files. In the run's folder if not given; text is printed."""
    checkpoint: Literal["last", "best"] = "last"
    """The last checkpoint, or the best one seen while training."""

    @classmethod
    def name(cls) -> str:
        """Name of its command and of its file."""
        return cls.__name__.lower()

    def modality(self, model: Any) -> Modality:
        """Modality of the values that are shown."""
        return model.gives

    def check(self) -> None:
        """Raise InputError if an option cannot be used."""
        require_counts(count=self.count)
        require_seed(self.seed)
        require_place(self.out)

    @abc.abstractmethod
    def shown(self, run: Run, model: Any, count: int) -> Shown:
        """What to show for a model that supports the tasks in `needs`."""


@dataclass(frozen=True, kw_only=True)
class Drawn(Exploration):
    """An exploration that starts from samples of the prior."""

    needs: ClassVar[tuple[str, ...]] = ("Decodes",)

    condition: Words = ()
    """For a conditional model: the class to show, by name or number; the first if not given."""
    truncation: float | None = None
    """Truncation trick: limit latents to this many standard deviations; results are more typical and less varied."""

    def check(self) -> None:
        """Also raise InputError if the truncation leaves next to nothing."""
        super().check()
        if self.truncation is not None and not self.truncation >= MIN_TRUNCATION:
            raise InputError(f"--truncation is {self.truncation:g}: give at least {MIN_TRUNCATION:g}")


@dataclass(frozen=True, kw_only=True)
class Interpolate(Drawn):
    """Interpolate between two random latents."""

    is_way: ClassVar[bool] = True

    linear: bool = False
    """Linear instead of spherical interpolation, which preserves the norm of latents."""

    def shown(self, run: Run, model: Any, count: int) -> Shown:
        """Values of the interpolation, both ends included."""
        from aigc_tf.cli import conditions
        from aigc_tf.families.latent_space import linear, spherical

        way, condition = linear if self.linear else spherical, conditions.one(model, self.condition)
        values = model.interpolate(count, self.seed, way=way, truncation=self.truncation, condition=condition)
        return values[0], min(count, IN_A_ROW)


@dataclass(frozen=True, kw_only=True)
class Direction(Drawn):
    """Move random latents along a direction, one latent per row."""

    direction: tyro.conf.Positional[int]
    """Number of the direction; 0 is the one that changes the output of the network's first layer most."""
    range: tuple[float, float] = (-3.0, 3.0)
    """First and last distance, in standard deviations."""

    def check(self) -> None:
        """Also raise InputError if the range is not finite."""
        super().check()
        if not all(math.isfinite(value) for value in self.range):
            raise InputError(f"--range is {self.range[0]:g} {self.range[1]:g}: give two finite numbers")

    def shown(self, run: Run, model: Any, count: int) -> Shown:
        """Rows of samples, moved along the direction."""
        import numpy as np

        from aigc_tf.cli import conditions
        from aigc_tf.export.graph import first_kernel
        from aigc_tf.families.latent_space import along, factorised, standard_normal

        networks = {name: one.network for name, one in model.signatures().items() if "latent" in one.inputs}
        drawing = networks.get("generate", next(iter(networks.values()), None))
        kernel = None if drawing is None else first_kernel(drawing, "latent")
        if kernel is None:
            raise InputError(f"in a {run.recipe.slug()} no dense layer reads the latent: its directions are not known")
        prior = model.prior()
        directions, _ = factorised(kernel, None if prior is None else prior[1])
        if not 0 <= self.direction < len(directions):
            raise InputError(f"--direction is {self.direction}: the run has directions from 0 to {len(directions) - 1}")
        starts = standard_normal((max(1, count // MOVED), model.latent_dim), self.seed, self.truncation)
        steps, condition = np.linspace(*self.range, MOVED), conditions.one(model, self.condition)
        return in_rows(along(model, starts, directions[self.direction], steps, condition))


@dataclass(frozen=True, kw_only=True)
class OfDimensions(Exploration):
    """An exploration of the most active latent dimensions."""

    needs: ClassVar[tuple[str, ...]] = ("Encodes", "Decodes")

    condition: Words = ()
    """For a conditional model: the class to show, by name or number; the first if not given."""

    def most_active(self, run: Run, model: Any, count: int) -> np.ndarray:
        """Up to `count` dimensions, the most active first."""
        from aigc_tf.families.latent_space import most_active

        return most_active(model.activity(run.source.inputs("validation", ENCODED)), count)


@dataclass(frozen=True, kw_only=True)
class Traverse(OfDimensions):
    """Vary each latent dimension, one per row, the most active first; --count is the maximum number of rows."""

    def shown(self, run: Run, model: Any, count: int) -> Shown:
        """A row for each dimension, from -3 to 3 standard deviations."""
        from aigc_tf.cli import conditions
        from aigc_tf.families.latent_space import traversals

        condition = conditions.one(model, self.condition)
        return in_rows(traversals(model, self.most_active(run, model, count), condition=condition))


@dataclass(frozen=True, kw_only=True)
class Map(OfDimensions):
    """Decode a grid over the two most active latent dimensions."""

    def shown(self, run: Run, model: Any, count: int) -> Shown:
        """A square of values."""
        from aigc_tf.cli import conditions
        from aigc_tf.families.latent_space import plane

        dimensions = self.most_active(run, model, 2)
        if len(dimensions) < 2:
            raise InputError("the run has one latent dimension: choose traverse instead of map")
        across, upwards = sorted(dimensions)
        return in_rows(plane(model, across, upwards, math.isqrt(count), conditions.one(model, self.condition)))


@dataclass(frozen=True, kw_only=True)
class Between(Exploration):
    """Interpolate between two files, or between two lines of text."""

    needs: ClassVar[tuple[str, ...]] = ("Encodes", "Decodes")
    is_way: ClassVar[bool] = True

    between: tyro.conf.Positional[tuple[str, str]]
    """Two files, or two texts if the model takes text."""
    condition: Words = ()
    """For a conditional model: the class to show, by name or number; the first if not given."""

    def shown(self, run: Run, model: Any, count: int) -> Shown:
        """Values of the interpolation, both ends included."""
        from aigc_tf.cli import conditions
        from aigc_tf.families.latent_space import between

        first, second = ends = model.takes.parse(self.between)
        model.refuse_unknown(ends)
        count = max(2, count)
        return between(model, first, second, count, conditions.one(model, self.condition)), min(count, IN_A_ROW)


@dataclass(frozen=True, kw_only=True)
class Nearest(Exploration):
    """Find the training examples nearest to a file in latent space."""

    needs: ClassVar[tuple[str, ...]] = ("Encodes",)

    nearest: tyro.conf.Positional[str]
    """A file, or a text if the model takes text."""

    def modality(self, model: Any) -> Modality:
        """What the model takes."""
        return model.takes

    def shown(self, run: Run, model: Any, count: int) -> Shown:
        """The value itself first."""
        from aigc_tf.metrics.neighbours import nearest_in_latent_space

        query, searched = model.takes.parse([self.nearest]), run.source.inputs("train", run.source.count)
        model.refuse_unknown(query)
        (indices,) = nearest_in_latent_space(model, query, searched, min(count, len(searched))).indices
        return model.takes.stack([query[0], *(searched[index] for index in indices)]), None


def in_rows(values: np.ndarray) -> Shown:
    """An array `[rows, columns, ...]` of values."""
    return values.reshape(-1, *values.shape[2:]), values.shape[1]
