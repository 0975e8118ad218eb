"""What can be done with pictures in latent space: mix two, move one along an attribute, keep their family."""

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
    """What begins with the latent of a picture."""

    needs: ClassVar[tuple[str, ...]] = ("Decodes",)

    family: Path | None = None
    """JSON file of a family tree, which gets what is found and what is made of it; made if it does not exist."""
    condition: Words = ()
    """For a conditional model: the class to show, by name or number; the first if not given."""
    updates: int = 300
    """Steps of the optimisation; more are nearer to the picture."""

    def check(self) -> None:
        """Raise InputError if the family tree cannot be written, or the steps are too few, too."""
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
    """Find the latent of a picture, and mix it with that of another; the first and last values are the pictures."""

    invert: tyro.conf.Positional[str]
    """A picture, or a member of the family tree by its name."""
    mix: str | None = None
    """Another one: values go from the first to it, and the middle is kept in the family tree."""
    layer: str | None = None
    """With `mix`: mix what this layer gives, in place of the latents; an unknown name lists them. Such mixtures have no
    latent, and are not kept in the family tree."""

    def check(self) -> None:
        """Raise InputError if a layer is named and nothing is mixed, too."""
        super().check()
        if self.layer is not None and self.mix is None:
            raise InputError("--layer needs a second picture: --mix")

    def shown(self, run: Run, model: Any, count: int) -> Shown:
        """The pictures that were given, with their inversions, and what lies between these."""
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
            inverter.add("their middle", "mixed", spherical(first, last, 0.5), [end.name for end in ends])
        inverter.keep()
        return in_one_row(ends[:1], way, ends[1:])


@dataclass(frozen=True, kw_only=True)
class Attribute(Editing):
    """Move a picture along an attribute that marked pictures have or lack; the first value is the picture."""

    attribute: tyro.conf.Positional[str]
    """A picture, or a member of the family tree by its name."""
    having: tuple[Path, ...]
    """Marked pictures that have the attribute: files, or folders of them; at least two."""
    lacking: tuple[Path, ...]
    """Marked pictures that lack it, as like the others as can be in everything else; at least two."""
    strength: float = 2.0
    """How far the last picture is moved: 1 is the distance between the means of both kinds; below 0 it loses the
    attribute."""

    def check(self) -> None:
        """Raise InputError if the strength moves nothing, too."""
        super().check()
        if not (math.isfinite(self.strength) and self.strength):
            raise InputError(f"--strength is {self.strength:g}: give a finite number that is not 0")

    def shown(self, run: Run, model: Any, count: int) -> Shown:
        """The picture, its inversion, and what this becomes on the way."""
        from aigc_tf.families.latent_space import attribute_of, interpolation, linear

        inverter = self.inverter(run, model)
        having, lacking = inverter.marked(self.having), inverter.marked(self.lacking)
        found = attribute_of(having, lacking)
        marked = len(having) + len(lacking)
        say(f"the attribute: of {marked} marked pictures {found.told} are told right by the others")
        start = inverter.found(self.attribute)
        end = (start.latent + self.strength * found.direction).astype("float32")
        steps = max(2, min(count, IN_A_ROW) - 1)
        (way,) = interpolation(model, start.latent[None], end[None], steps, linear, inverter.condition)
        inverter.add("the last", f"moved by {self.strength:g}", end, [start.name])
        inverter.keep()
        return in_one_row([start], way, [])


def in_one_row(before: Sequence[Found], way: np.ndarray, after: Sequence[Found]) -> Shown:
    """Pictures that were made, between those that were given."""
    import numpy as np

    given = [[end.picture[None] for end in ends if end.picture is not None] for ends in (before, after)]
    values = np.concatenate([*given[0], way, *given[1]])
    return values, len(values)
