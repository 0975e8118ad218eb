"""Shared parts of the recipes with differential privacy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, PositiveFloat
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.settings import Settings

ExpectedBatch = Annotated[int, Field(ge=32)]
"""Large enough that Poisson-sampled batches are practically never empty: one in 10¹³ would be."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PrivacySettings(Settings):
    """Differential privacy (Dwork et al. 2006) by DP-SGD, clipped and noised gradients (Abadi et al. 2016)."""

    epsilon: PositiveFloat | None = 3.0
    """Privacy budget ε of all the recipe's steps, from which the noise is calibrated. None trains without privacy."""
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    """Probability δ with which the guarantee may fail; it has to be less than 1 / (training examples)."""
    clip_norm: PositiveFloat = 1.0
    """Clipping norm of the per-example gradients."""

    @property
    def fixes_steps(self) -> bool:
        """The noise is calibrated to the number of steps."""
        return True


class Private:
    """Mixin of a recipe whose model uses Poisson-sampled batches and has a guarantee; it precedes the plain recipe."""

    data: ClassVar[str] = "aigc_tf.privacy.poisson:open_source"
    assets: ClassVar[Mapping[str, str]] = {"guarantee": "aigc_tf.privacy.accounting:Guarantee"}
    distils: ClassVar[str | None] = None  # a student would train on the examples without noise

    def __post_init__(self) -> None:
        refuse(self, "rounded to 8 bits, a clipped gradient may be longer than the guarantee allows", "precision")
        super().__post_init__()  # type: ignore[misc]

    @property
    def opens(self) -> str:
        """The function that opens the examples: the `data` of the recipe that this one makes private."""
        return str(super().data)  # type: ignore[misc]

    @property
    def updates_per_step(self) -> int:
        """Noised updates per training step, each with a batch of its own."""
        return 1


def refuse(recipe: Any, reason: str, *fields: str) -> None:
    """Raise ValueError if one of these fields of the recipe differs from its default."""
    for name in fields:
        if getattr(recipe, name) != getattr(type(recipe), name):
            raise ValueError(f"{name} is {getattr(recipe, name)!r}: {reason}; leave it out")
