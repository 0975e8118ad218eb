"""A text for a text: p(y | x) = Π p(y_t | y_<t, x) (Sutskever et al. 2014)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.pairs.vocabularies import Vocabularies, begun
from aigc_tf.data.source import Batch
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN, words_of
from aigc_tf.errors import say
from aigc_tf.families.base import GenerativeModel, Signature
from aigc_tf.families.pages import Panel
from aigc_tf.families.tasks import Explains, Transforms
from aigc_tf.families.text.seq2seq.alignment import align, alignment_page, alignment_picture
from aigc_tf.families.text.seq2seq.exports import signatures
from aigc_tf.families.text.seq2seq.known_words import KnownWords
from aigc_tf.families.text.seq2seq.networks import Seq2SeqNetworks
from aigc_tf.families.text.seq2seq.search import Writer, write
from aigc_tf.families.text.seq2seq.windows import windows
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.text import Text
from aigc_tf.nn import replicas
from aigc_tf.nn.losses import next_symbol_nats
from aigc_tf.nn.optimizers import adam, schedule
from aigc_tf.recipes.seq2seq import Search, Seq2SeqRecipe

ROWS = 50  # sources that are written for at once
PREVIEWED = 4
PAGE_EXAMPLES = 3


class Seq2Seq(GenerativeModel, Transforms, Explains):
    """Writes a text for a text.

    Args:
        recipe: its optimizer, schedule and seed.
        networks: of pairs, and of the encoder, the start and the step.
        vocabularies: of both sides.
    """

    def __init__(self, recipe: Seq2SeqRecipe, networks: Seq2SeqNetworks, vocabularies: Vocabularies) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.networks, self.vocabularies = recipe, networks, vocabularies
        self.sequence: keras.Model = networks.sequence
        falling = schedule(recipe.schedule, recipe.steps)
        self.adam = adam(recipe.optimizer, self.sequence.trainable_variables, falling, recipe.weight_decay)
        self.built = True
        self.compile(optimizer=None, jit_compile=False)
        # Compiled at its first call, and kept.
        self.compiled_nats = tf.function(partial(self.nats, training=False), reduce_retracing=True)

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """One."""
        return {"optimizer": self.adam}

    @property
    def takes(self) -> Text:
        """Strings."""
        return Text()

    @property
    def gives(self) -> Text:
        """Strings."""
        return Text()

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the weights on `source`, int32 `[batch, time]`, and `target`, `[batch, time + 1]`; -1 is padding."""
        weights = self.sequence.trainable_variables
        with tf.GradientTape() as tape:
            nats, smoothed, counted = self.nats(batch, training=True)
            total = replicas.mean(ops.sum(counted))
            share = self.recipe.label_smoothing
            loss = ((1 - share) * ops.sum(nats) + share * ops.sum(smoothed)) / total
        # Gradients of embeddings are made dense for the optimizer, which moves every row by its moments.
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)]
        rate = ops.convert_to_tensor(self.adam.learning_rate)
        logs = {"gradient_norm": self.adam.apply(gradients, weights), "learning_rate": rate}
        return {"loss": loss, "nats_per_symbol": ops.sum(nats) / total} | logs

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """-log p of a held-out target's symbol, in nats, its end included. Changes nothing."""
        nats, _, counted = self.nats(batch, training=False)
        return {"loss": ops.sum(nats) / ops.sum(counted)}

    def nats(self, batch: Batch, training: bool) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """-log p of each symbol of the targets but the first boundary.

        With a copy head p = g softmax(logits)_y + (1 - g) Σ a_i [x_i = y] (See et al. 2017, eq. 9).

        Returns:
            Three times `[batch, time]`, 0 for padding: nats; the mean over all symbols of the -log p of the softmax,
            which label smoothing takes a share of; and what counts, as 1.
        """
        source, target = batch["source"], batch["target"]
        inputs, following = ops.maximum(target[:, :-1], BOUNDARY), target[:, 1:]
        counted = ops.cast(ops.not_equal(following, PADDING), "float32")
        logits, attention, *gate = self.sequence([source, inputs], training=training)
        nats = next_symbol_nats(logits, ops.maximum(following, BOUNDARY))
        if gate:
            same = ops.cast(ops.equal(following[:, :, None], source[:, None, :]), attention.dtype)
            copied = ops.log(ops.maximum(ops.sum(attention * same, axis=-1), 1e-20))
            on_gate = gate[0][..., 0]
            written = -nats - ops.softplus(-on_gate)
            nats = -ops.logaddexp(written, copied - ops.softplus(on_gate))
        smoothed = ops.logsumexp(logits, axis=-1) - ops.mean(logits, axis=-1)
        return nats * counted, smoothed * counted, counted

    def sources(self, texts: Sequence[str]) -> np.ndarray:
        """Texts as the networks read them, with their ends, int32 `[texts, source]`; longer ones are cut off."""
        length = self.recipe.pairs.source_length
        rows = np.full((len(texts), length + 1), PADDING, np.int32)
        for row, numbers in zip(rows, self.vocabularies.sources(texts), strict=True):
            kept = numbers[:length]
            row[: len(kept)], row[len(kept)] = kept, BOUNDARY
        return rows

    def transform(
        self, inputs: Any, seed: int = 0, condition: Any = None, whole: bool = False, search: Search | None = None
    ) -> list[str]:
        """What is written for each text, or for each of its lines.

        A text that has more symbols than are read is read in windows, and what is written for them joined.

        Args:
            inputs: texts.
            seed: of what is drawn, if anything is.
            condition: there is none.
            whole: all lines of a text are one input.
            search: how symbols are chosen; by default as the recipe's `transform_options`.
        """
        self.refuse_condition(condition)
        parts = [[text] if whole else text.split("\n") for text in self.takes.rows(inputs)]
        lines = [line for part in parts for line in part]
        written = iter(self.write_long(lines, search, seed))
        return ["\n".join(next(written) for _ in part) for part in parts]

    def write_long(self, texts: Sequence[str], search: Search | None = None, seed: int = 0) -> list[str]:
        """What is written for texts of any length; for one without words nothing."""
        cut = [windows(text, self.fits) for text in texts]
        long = sum(len(pieces) > 1 for pieces in cut)
        if long:
            length = self.recipe.pairs.source_length
            say(f"{long:,} of {len(texts):,} texts have more than {length} symbols: they are read in parts")
        pieces = [piece for found in cut for piece in found]
        written = iter(self.write_all(pieces, search, seed))
        return [" ".join(next(written) for _ in found) for found in cut]

    def fits(self, text: str) -> bool:
        """Whether all of a text is read."""
        return len(self.vocabularies.sources([text])[0]) <= self.recipe.pairs.source_length

    def write_all(self, texts: Sequence[str], search: Search | None = None, seed: int = 0) -> list[str]:
        """What is written for texts; of longer ones than are read for their beginning."""
        search = search or self.default_search
        written: list[str] = []
        for at, some in batched(texts, ROWS):
            known = [self._known(text) for text in some] if search.known_words else None
            writer = Writer(self.networks, self.sources(some))
            length = self.recipe.pairs.target_length
            found = write(writer, search, length, self.never_written, seed + at, known)
            written += [self.vocabularies.written(symbols) for symbols in found]
        return written

    @property
    def never_written(self) -> tuple[int, ...]:
        """Symbols that are not written: the unknown."""
        return () if self.vocabularies.target.unit == "byte" else (UNKNOWN,)

    @property
    def default_search(self) -> Search:
        """That of the recipe's `transform_options`."""
        search: Search = self.recipe.transform_options().arguments()["search"]
        return search

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
        """`alignment`, a page, and `attention`, a picture: where the model looks while it writes for the text.

        Of a text that is longer than what is read only the beginning counts.
        """
        (written,) = self.write_all([value])
        found, copies = align(self, value, written), self.networks.copies
        return {"alignment": alignment_page(title, found, copies), "attention": alignment_picture(found, copies)}

    def previews(self, source: Any) -> dict[str, Any]:
        """What is written for a few held-out sources, with the truth, and where the model looks for the first."""
        pairs = source.pairs("validation", PREVIEWED)
        written = self.write_all([pair.source for pair in pairs], Search(beams=1))
        rows = zip(pairs, written, strict=True)
        found = align(self, pairs[0].source, written[0])
        return {
            "samples": "\n\n".join(f"{x}\n-> {made}\n({y})" for (x, y), made in rows),
            "attention": alignment_picture(found, self.networks.copies),
        }

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to write with the file (docs/MOBILE.md)."""
        source, target = self.vocabularies.source, self.vocabularies.target
        return {
            "vocabulary": list(target.symbols),
            "source_vocabulary": None if self.vocabularies.shared else list(source.symbols),
            "merges": None if source.tokenizer is None else _merges(source.tokenizer),
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
        """A text is typed on the left, what is written for it appears on the right."""
        examples = [] if source is None else source.inputs("validation", PAGE_EXAMPLES)
        further = {"encode": "encode", "begin": "start", "texts": examples}
        return [Panel("rewrite", "step", self.export_metadata() | further)]

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`, `start` and `step`: see `Seq2SeqNetworks`."""
        return signatures(self, source)


def _merges(tokenizer: str) -> list[list[str]]:
    """The pairs of symbols that a tokenizer joins, in their order."""
    merges = json.loads(tokenizer)["model"]["merges"]
    return [pair.split(" ") if isinstance(pair, str) else pair for pair in merges]


def batched(texts: Sequence[str], count: int) -> Iterator[tuple[int, Sequence[str]]]:
    """At most `count` texts at a time, with the place of the first."""
    for at in range(0, len(texts), count):
        yield at, texts[at : at + count]
