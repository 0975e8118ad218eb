"""Molecules as SMILES, written by a transformer (000 §3.13.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.settings import Settings
from aigc_tf.recipes.text import TextExportLimits, TextSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MoleculeSettings(Settings):
    """What a molecule is drawn for."""

    condition: Literal["none", "rings", "log_p"] = "none"
    """A property that is asked for: how many rings, or the band of log P, the partition coefficient of octanol and
    water as Wildman & Crippen 1999 estimate it. Needs the package rdkit."""
    bands: Annotated[int, Field(ge=2, le=9)] = 5
    """Of log P, each with as many training molecules; of rings the last band is "or more"."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Molecules(GPT):
    """The transformer of `gpt` over SMILES, one molecule a line (after Segler et al. 2018)."""

    model: ClassVar[str] = "aigc_tf.families.text.molecules:MoleculeModel"
    data: ClassVar[str] = "aigc_tf.data.text.molecules:open_source"
    assets: ClassVar[Mapping[str, str]] = {**GPT.assets, "classes": "aigc_tf.data.classes:ClassNames"}
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.text.likelihood:HeldOutText",
        "aigc_tf.metrics.text.molecules:MoleculeSamples",
    )

    text: TextSettings = TextSettings(lines=True, length=64)
    molecules: MoleculeSettings = MoleculeSettings()
    steps: PositiveInt = 15_000

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        text = TextSettings(lines=True, length=64)
        return cls(text=text, batch_size=4, depth=2, heads=2, width=16, export_limits=TextExportLimits.tiny())
