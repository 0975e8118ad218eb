"""A language model of molecules, optionally conditioned on a property."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.text.molecules import MARKS
from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.families.text.networks.language import LanguageNetworks
from aigc_tf.modalities.labels import Labels
from aigc_tf.recipes.molecules import Molecules


class MoleculeModel(LanguageModel):
    """A language model of SMILES, p(x | c) = Π p(x_t | c, x_<t), in which the property band c is the first symbol.

    Args:
        recipe: its optimizer, schedule and seed.
        networks: for sequences and for single steps.
        vocabulary: of the SMILES.
        classes: the bands; empty for an unconditional model.
    """

    def __init__(
        self, recipe: Molecules, networks: LanguageNetworks, vocabulary: Vocabulary, classes: ClassNames
    ) -> None:
        super().__init__(recipe, networks, vocabulary)
        self.classes = classes

    @property
    def condition(self) -> Labels | None:
        """A band of the property."""
        return Labels(self.classes) if self.classes.names else None

    def shown(self, prompt: str) -> str:
        """A prompt without its band's mark."""
        return super().shown(prompt).lstrip(MARKS)

    def marks(self, condition: Any, count: int) -> Sequence[str]:
        """The mark of each molecule's requested band, by name or index; None cycles through the bands."""
        if self.condition is None:
            return super().marks(condition, count)
        return [MARKS[int(band)] for band in self.conditions(condition, count)]

    def score(self, inputs: Sequence[str]) -> np.ndarray:
        """See `LanguageModel.score`; a molecule without a mark is scored with the band of highest likelihood."""
        marks = MARKS[: len(self.classes.names)]
        if not marks:
            return super().score(inputs)
        asked = [[text] if text[:1] in tuple(marks) else [mark + text for mark in marks] for text in inputs]
        return np.array([super(MoleculeModel, self).score(texts).min() for texts in asked], np.float32)

    def export_metadata(self) -> dict[str, Any]:
        """That of every language model, and the mark that a molecule of each band begins with."""
        marks = dict(zip(self.classes.names, MARKS, strict=False))
        return super().export_metadata() | ({"marks": marks} if marks else {})
