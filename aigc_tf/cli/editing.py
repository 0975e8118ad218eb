"""Editing of pictures in latent space: mixing two, moving one along an attribute, recording a family tree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import tyro

from aigc_tf.cli.checks import require_counts, require_place
from aigc_tf.cli.explorations import IN_A_ROW, Exploration, Shown, Words
from aigc_tf.errors import InputError, say

if TYPE_CHECKING:
    import numpy as np

    from aigc_tf.cli.inverting import Found, Inverter
    from aigc_tf.runs.run import Run


@dataclass(frozen=True, kw_only=True)
class Editing(Exploration):
    """An exploration that starts from the latent of a picture."""

    needs: ClassVar[tuple[str, ...]] = ("Decodes",)

    family: Path | None = None
    """JSON file of a family tree, to which inverted pictures and results are added; created if it does not exist."""
    condition: Words = ()
    """For a conditional model: the class to show, by name or number; the first if not given."""
    updates: int = 300
    """Optimisation steps; more steps reconstruct the picture better."""

    def check(self) -> None:
        """Also raise InputError if the family tree cannot be written, or the steps are too few."""
        super().check()
        require_counts(updates=self.updates)
        require_place(self.family)

    def inverter(self, run: Run, model: Any) -> Inverter:
        """Finds latents as the options say."""
        from aigc_tf.cli import conditions
        from aigc_tf.cli.inverting import Inverter

        return Inverter(run, model, self.family, conditions.one(model, self.condition), self.updates, self.seed)


@dataclass(frozen=True, kw_only=True)
class Invert(Editing):
    """Invert a picture, and optionally mix it with another; the first and last values are the given pictures."""

    invert: tyro.conf.Positional[str]
    """A picture, or a member of the family tree by its name."""
    mix: str | None = None
    """A second picture: interpolate from the first to it, and add the midpoint to the family tree."""
    layer: str | None = None
    """With `mix`: mix this layer's outputs instead of the latents; an unknown name lists the layers. Such mixtures have
    no latent, and are not added to the family tree."""

    def check(self) -> None:
        """Also raise InputError if a layer is named and nothing is mixed."""
        super().check()
        if self.layer is not None and self.mix is None:
            raise InputError("--layer needs a second picture: --mix")

    def shown(self, run: Run, model: Any, count: int) -> Shown:
        """The given pictures, their inversions, and the interpolation between these."""
        from aigc_tf.families.latent_space import interpolation, spherical
        from aigc_tf.families.layer_mixing import LayerMixer

        inverter = self.inverter(run, model)
        mixer = None if self.layer is None else LayerMixer(model, self.layer)
        given = [self.invert] if self.mix is None else [self.invert, self.mix]
        ends = [inverter.found(name) for name in given]
        first, last = ends[0].latent, ends[-1].latent
        between = max(3, min(count, IN_A_ROW) - 2)
        if self.mix is None:
            way = model.decode(first[None], inverter.condition)
        elif mixer is not None:
            way = mixer.mixed(first, last, between, inverter.condition)
        else:
            (way,) = interpolation(model, first[None], last[None], between, spherical, inverter.condition)
            inverter.add("their midpoint", "mixed", spherical(first, last, 0.5), [end.name for end in ends])
        inverter.keep()
        return in_one_row(ends[:1], way, ends[1:])


@dataclass(frozen=True, kw_only=True)
class Attribute(Editing):
    """Move a picture along an attribute, given pictures with and without it; the first value is the picture."""

    attribute: tyro.conf.Positional[str]
    """A picture, or a member of the family tree by its name."""
    having: tuple[Path, ...]
    """Pictures that have the attribute: files, or folders of them; at least two."""
    lacking: tuple[Path, ...]
    """Pictures that lack it, otherwise as similar to the others as possible; at least two."""
    strength: float = 2.0
    """How far the last picture is moved: 1 is the distance between the means of both groups; below 0 removes the
    attribute."""

    def check(self) -> None:
        """Also raise InputError if the strength is 0 or not finite."""
        super().check()
        if not (math.isfinite(self.strength) and self.strength):
            raise InputError(f"--strength is {self.strength:g}: give a finite number that is not 0")

    def shown(self, run: Run, model: Any, count: int) -> Shown:
        """The picture, its inversion, and the steps along the attribute."""
        from aigc_tf.families.latent_space import attribute_of, interpolation, linear

        inverter = self.inverter(run, model)
        having, lacking = inverter.marked(self.having), inverter.marked(self.lacking)
        found = attribute_of(having, lacking)
        marked = len(having) + len(lacking)
        say(f"the attribute: of {marked} marked pictures {found.told} are classified correctly from the others")
        start = inverter.found(self.attribute)
        end = (start.latent + self.strength * found.direction).astype("float32")
        steps = max(2, min(count, IN_A_ROW) - 1)
        (way,) = interpolation(model, start.latent[None], end[None], steps, linear, inverter.condition)
        inverter.add("the last", f"moved by {self.strength:g}", end, [start.name])
        inverter.keep()
        return in_one_row([start], way, [])


def in_one_row(before: Sequence[Found], way: np.ndarray, after: Sequence[Found]) -> Shown:
    """Generated pictures, between the given ones."""
    import numpy as np

    given = [[end.picture[None] for end in ends if end.picture is not None] for ends in (before, after)]
    values = np.concatenate([*given[0], way, *given[1]])
    return values, len(values)
