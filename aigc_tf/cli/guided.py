"""The effect of classifier-free guidance, as a picture."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import tyro

from aigc_tf.cli.explorations import Exploration, Shown, in_rows
from aigc_tf.errors import InputError

if TYPE_CHECKING:
    from aigc_tf.runs.run import Run


@dataclass(frozen=True, kw_only=True)
class Guided(Exploration):
    """Sample with increasing guidance from left to right: a row for each condition, from the same noise throughout."""

    needs: ClassVar[tuple[str, ...]] = ("Draws",)

    guided: tyro.conf.Positional[tuple[str, ...]]
    """Classes by name or number, or text prompts."""
    weights: tuple[float, ...] = (1.0, 2.0, 4.0)
    """The guidance scale of each column."""

    def check(self) -> None:
        """Also raise InputError if there is a count, or nothing to generate."""
        super().check()
        if self.count is not None:
            raise InputError("guided has no --count: it generates one for each condition and weight, leave it out")
        if not (self.guided and self.weights):
            raise InputError("guided shows a row for each condition and a column for each weight: give one of each")

    def shown(self, run: Run, model: Any, count: int) -> Shown:
        """A row for each condition."""
        import numpy as np

        from aigc_tf.cli import conditions

        del count
        if "guidance" not in {field.name for field in fields(run.recipe.sample_options)}:
            raise InputError(f"a {run.recipe.slug()} samples without guidance: name a run of class_flow or text_flow")
        rows = conditions.parsed(model, self.guided)
        drawn = [model.generate(len(rows), self.seed, rows, guidance=weight) for weight in self.weights]
        return in_rows(np.stack(drawn, axis=1))
