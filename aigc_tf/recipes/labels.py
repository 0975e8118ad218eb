"""How many of a source's labels are used."""

from __future__ import annotations

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.settings import Settings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LabelSettings(Settings):
    """How many labels are used."""

    per_class: PositiveInt | None = None
    """Labelled training examples per class, drawn at random by the seed; None uses all labels."""
