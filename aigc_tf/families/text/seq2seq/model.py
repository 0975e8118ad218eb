"""The text-to-text model: p(y | x) = Π p(y_t | y_<t, x) (Sutskever et al. 2014)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from aigc_tf.data.pairs.vocabularies import Vocabularies, begun
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN, merges_of, words_of
from aigc_tf.errors import say
from aigc_tf.families.base import Signature
from aigc_tf.families.pages import Panel
from aigc_tf.families.tasks import Explains, Transforms
from aigc_tf.families.text.seq2seq.alignment import align, alignment_page, alignment_picture
from aigc_tf.families.text.seq2seq.decoder_model import DecoderModel
from aigc_tf.families.text.seq2seq.exports import signatures, sources
from aigc_tf.families.text.seq2seq.known_words import KnownWords
from aigc_tf.families.text.seq2seq.networks import Seq2SeqNetworks
from aigc_tf.families.text.seq2seq.windows import windows
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.text import Text
from aigc_tf.recipes.seq2seq import Search, Seq2SeqRecipe

ROWS = 50  # sources per batch in generation
PREVIEWED = 4
PAGE_EXAMPLES = 3


class Seq2Seq(DecoderModel, Transforms, Explains):
    """Generates a target text for a source text.

    Args:
        recipe: its optimizer, schedule and seed.
        networks: for training on pairs, and encoder, start and step for generation.
        vocabularies: of both sides.
    """

    recipe: Seq2SeqRecipe

    def __init__(self, recipe: Seq2SeqRecipe, networks: Seq2SeqNetworks, vocabularies: Vocabularies) -> None:
        super().__init__(recipe, networks, vocabularies.target)
        self.vocabularies = vocabularies

    @property
    def takes(self) -> Text:
        """Strings."""
        return Text()

    @property
    def gives(self) -> Text:
        """Strings."""
        return Text()

    def sources(self, texts: Sequence[str]) -> np.ndarray:
        """Texts as network inputs with their ends, int32 `[texts, source]`; longer ones are truncated."""
        length = self.recipe.pairs.source_length
        rows = np.full((len(texts), length + 1), PADDING, np.int32)
        for row, numbers in zip(rows, self.vocabularies.sources(texts), strict=True):
            kept = numbers[:length]
            row[: len(kept)], row[len(kept)] = kept, BOUNDARY
        return rows

    def transform(
        self, inputs: Any, seed: int = 0, condition: Any = None, whole: bool = False, search: Search | None = None
    ) -> list[str]:
        """Generate a text for each text, or for each of its lines.

        A text longer than the maximum is split into windows, whose outputs are joined.

        Args:
            inputs: texts.
            seed: of random draws, if there are any.
            condition: unused.
            whole: whether all lines of a text are one input.
            search: decoding settings; by default those of the recipe's `transform_options`.
        """
        self.refuse_condition(condition)
        parts = [[text] if whole else text.split("\n") for text in self.takes.rows(inputs)]
        lines = [line for part in parts for line in part]
        written = iter(self.write_long(lines, search, seed))
        return ["\n".join(next(written) for _ in part) for part in parts]

    def write_long(self, texts: Sequence[str], search: Search | None = None, seed: int = 0) -> list[str]:
        """Generate for texts of any length; a text without words gives an empty output."""
        cut = [windows(text, self.fits) for text in texts]
        long = sum(len(pieces) > 1 for pieces in cut)
        if long:
            length = self.recipe.pairs.source_length
            say(f"{long:,} of {len(texts):,} texts have more than {length} tokens: they are read in parts")
        pieces = [piece for found in cut for piece in found]
        written = iter(self.write_all(pieces, search, seed))
        return [" ".join(next(written) for _ in found) for found in cut]

    def fits(self, text: str) -> bool:
        """Whether a text fits the maximum length."""
        return len(self.vocabularies.sources([text])[0]) <= self.recipe.pairs.source_length

    def write_all(self, texts: Sequence[str], search: Search | None = None, seed: int = 0) -> list[str]:
        """Generate for texts; longer ones are truncated."""
        search = search or self.default_search
        written: list[str] = []
        for at, some in batched(texts, ROWS):
            known = [self._known(text) for text in some] if search.known_words else None
            written += self.written(self.sources(some), search, seed + at, known)
        return written

    @cached_property
    def _target_words(self) -> KnownWords:
        target = self.vocabularies.target
        numbers = [target.encode(word) for word in self.vocabularies.words]
        return KnownWords((word for word in numbers if UNKNOWN not in word), len(target))

    def _known(self, source: str) -> KnownWords:
        target = self.vocabularies.target
        numbers = [target.encode(word) for word in words_of(begun(source, target.unit))]
        return KnownWords((word for word in numbers if UNKNOWN not in word), len(target), self._target_words)

    def explain(self, value: str, title: str) -> dict[str, Preview]:
        """`alignment`, a page, and `attention`, a picture: the attention over the text for the generated output.

        A text longer than the maximum is truncated.
        """
        (written,) = self.write_all([value])
        found, copies = align(self, value, written), self.networks.copies
        return {"alignment": alignment_page(title, found, copies), "attention": alignment_picture(found, copies)}

    def previews(self, source: Any) -> dict[str, Any]:
        """Generated texts for a few held-out sources, with the truth, and the attention for the first."""
        pairs = source.pairs("validation", PREVIEWED)
        written = self.write_all([pair.source for pair in pairs], Search(beams=1))
        rows = zip(pairs, written, strict=True)
        found = align(self, pairs[0].source, written[0])
        return {
            "samples": "\n\n".join(f"{x}\n-> {made}\n({y})" for (x, y), made in rows),
            "attention": alignment_picture(found, self.networks.copies),
        }

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to generate with the file (docs/MOBILE.md)."""
        source, target = self.vocabularies.source, self.vocabularies.target
        return {
            "vocabulary": list(target.symbols),
            "source_vocabulary": None if self.vocabularies.shared else list(source.symbols),
            "merges": None if source.tokenizer is None else merges_of(source.tokenizer),
            "unit": target.unit,
            "start": BOUNDARY,
            "end": BOUNDARY,
            "unknown": UNKNOWN,
            "never": list(self.never_written),
            "padding": PADDING,
            "longest": self.recipe.pairs.target_length,
            "no_repeat": self.default_search.no_repeat,
        }

    def page(self, source: Any = None) -> list[Panel]:
        """A panel with a typed text on the left and the generated one on the right."""
        examples = [] if source is None else source.inputs("validation", PAGE_EXAMPLES)
        further = {"encode": "encode", "begin": "start", "texts": examples}
        return [Panel("rewrite", "step", self.export_metadata() | further)]

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`, `start` and `step`: see `Seq2SeqNetworks`."""

        def ordinary(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"source": sources(self, source, count, seed)}

        def strange(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"source": sources(self, None, count, seed)}

        return signatures(self, ordinary, strange)


def batched(texts: Sequence[str], count: int) -> Iterator[tuple[int, Sequence[str]]]:
    """Batches of at most `count` texts, with the index of the first."""
    for at in range(0, len(texts), count):
        yield at, texts[at : at + count]
