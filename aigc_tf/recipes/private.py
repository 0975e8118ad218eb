"""What the recipes of models that train with differential privacy share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, PositiveFloat
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.settings import Settings

ExpectedBatch = Annotated[int, Field(ge=32)]
"""So large that no batch is ever empty: one in 10¹³ would be."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PrivacySettings(Settings):
    """Differential privacy of training (Dwork et al. 2006) by clipped and noised gradients (Abadi et al. 2016)."""

    epsilon: PositiveFloat | None = 3.0
    """What is spent in all the recipe's steps; the noise follows from it. None trains without privacy."""
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    """The probability with which more may leak; it has to be less than 1 / (training examples)."""
    clip_norm: PositiveFloat = 1.0
    """Largest norm of the gradient of one example."""

    @property
    def fixes_steps(self) -> bool:
        """The noise was chosen for the number of steps."""
        return True


class Private:
    """A recipe whose model takes batches by Poisson sampling, and a guarantee; it comes before the plain recipe."""

    data: ClassVar[str] = "aigc_tf.privacy.poisson:open_source"
    assets: ClassVar[Mapping[str, str]] = {"guarantee": "aigc_tf.privacy.accounting:Guarantee"}
    distils: ClassVar[str | None] = None  # a student would see the examples without noise

    @property
    def opens(self) -> str:
        """What opens the examples: the `data` of the recipe that this one makes private."""
        return str(super().data)  # type: ignore[misc]

    @property
    def updates_per_step(self) -> int:
        """Noised updates in a training step, each with a batch of its own."""
        return 1


def refuse(recipe: Any, reason: str, *fields: str) -> None:
    """Raise ValueError if one of the recipe's fields is not what it is by default."""
    for name in fields:
        if getattr(recipe, name) != getattr(type(recipe), name):
            raise ValueError(f"{name} is {getattr(recipe, name)!r}: {reason}; leave it out")
