"""A language model of molecules, which can be asked for a property."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.text.molecules import MARKS
from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.families.text.model import GENERATED
from aigc_tf.families.text.networks.language import LanguageNetworks
from aigc_tf.modalities.labels import Labels
from aigc_tf.recipes.molecules import Molecules
from aigc_tf.recipes.options import Decoding


class MoleculeModel(LanguageModel):
    """p(x | c) = Π p(x_t | c, x_<t): the band c of the property is the symbol that the molecule begins with.

    Args:
        recipe: its optimizer, schedule and seed.
        networks: of sequences and of steps.
        vocabulary: of the SMILES.
        classes: the bands; none of a model without a condition.
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
        """A prompt without the mark of its band."""
        return super().shown(prompt).lstrip(MARKS)

    def generate(
        self,
        count: int,
        seed: int = 0,
        condition: Any = None,
        prompt: str = "",
        tokens: int = GENERATED,
        decoding: Decoding | None = None,
    ) -> list[str]:
        """New molecules; see `TextModel.generate`.

        Args:
            count: how many.
            seed: of the choices.
            condition: bands by name or number, one for all or one for each; None takes them in turn.
            prompt: how each begins.
            tokens: see `TextModel.generate`.
            decoding: the same.
        """
        if self.condition is None:
            return super().generate(count, seed, condition, prompt, tokens, decoding)
        bands = self.conditions(condition, count)
        found = [""] * count
        for band in np.unique(bands):
            rows = np.flatnonzero(bands == band)
            texts = super().generate(len(rows), seed, None, MARKS[band] + prompt, tokens, decoding)
            for row, text in zip(rows, texts, strict=True):
                found[row] = text
        return found

    def pieces(
        self,
        seed: int = 0,
        condition: Any = None,
        prompt: str = "",
        tokens: int = GENERATED,
        decoding: Decoding | None = None,
    ) -> Iterator[str]:
        """One molecule symbol by symbol; see `generate`."""
        if self.condition is not None:
            prompt, condition = MARKS[int(self.conditions(condition, 1)[0])] + prompt, None
        yield from super().pieces(seed, condition, prompt, tokens, decoding)

    def score(self, inputs: Sequence[str]) -> np.ndarray:
        """See `LanguageModel.score`; a molecule without a mark is taken to be of the band that explains it best."""
        marks = MARKS[: len(self.classes.names)]
        if not marks:
            return super().score(inputs)
        asked = [[text] if text[:1] in tuple(marks) else [mark + text for mark in marks] for text in inputs]
        return np.array([super(MoleculeModel, self).score(texts).min() for texts in asked], np.float32)

    def export_metadata(self) -> dict[str, Any]:
        """That of every language model, and the mark that a molecule of each band begins with."""
        marks = dict(zip(self.classes.names, MARKS, strict=False))
        return super().export_metadata() | ({"marks": marks} if marks else {})
