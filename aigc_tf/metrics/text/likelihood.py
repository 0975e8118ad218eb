"""Evaluation of language models: likelihood and perplexity of held-out text."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from aigc_tf.data.source import PartName
from aigc_tf.data.text.source import TextSource
from aigc_tf.data.text.vocabulary import UNKNOWN
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.metrics.evaluator import Chooser, Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.text import ngram
from aigc_tf.recipes.text import TextRecipe

ORDER = 5  # of the baseline n-gram
_MAX_NATS = 700.0  # whose exponential is still finite


class HeldOutText(Evaluator):
    """The likelihood of held-out text, compared with an n-gram of order 5 and a unigram on the same symbols.

    Figures, lower is better: bits_per_character, nats_per_symbol, and its exponential perplexity.
    """

    def measure(self, model: LanguageModel, source: TextSource, recipe: TextRecipe, request: Request) -> Measurement:
        """Score at most `request.samples` windows or lines of the part; see `Evaluator.measure`. Nothing is sampled."""
        part = request.part
        nats, symbols = held_out_nats(model, source, request.samples, part)
        batches = [batch["tokens"] for batch in source.held_out(part, request.samples)]
        if model.carries:
            batches = ngram.joined(batches)
        beside = {
            name: ngram.nats_of(ngram.fitted(source, order), batches)
            for name, order in ((f"{ORDER}-gram", ORDER), ("unigram", 1))
        }
        readings = {
            "bits_per_character": lambda nats: bits_per_character(nats, source, part),
            "nats_per_symbol": lambda nats: float(nats.mean()),
            "perplexity": perplexity,
        }
        figures = {
            name: Figure(read(nats), "lower", {method: read(found) for method, found in beside.items()})
            for name, read in readings.items()
        }
        protocol = {
            "held-out tokens": len(symbols),
            "of them unknown": int((symbols == UNKNOWN).sum()) if source.vocabulary.unit != "byte" else 0,
            f"{part} split": source.split_in_words(part),
            "context": _context(model, source),
            "n-gram": f"{ngram.in_words(source, ORDER)}; its context {_ngram_context(model)}",
            "unit": source.vocabulary.unit,
            "tokens in the vocabulary": len(source.vocabulary),
        }
        return Measurement(figures, protocol)


class BitsPerCharacter(Chooser):
    """Bits per character of held-out text, lower is better."""

    name = "bits_per_character"

    def value(
        self, model: LanguageModel, source: TextSource, recipe: TextRecipe, samples: int, part: PartName
    ) -> float:
        """Measured on at most `samples` windows or lines."""
        nats, _ = held_out_nats(model, source, samples, part)
        return bits_per_character(nats, source, part)


def bits_per_character(nats: np.ndarray, source: TextSource, part: PartName) -> float:
    """Bits per character from held-out nats `[symbols]`, with the part's mean number of characters per symbol.

    The end of a document counts as a character if the model has to predict it.
    """
    split = source.part(part)
    return float(nats.mean()) * split.symbols / split.characters / math.log(2)


def perplexity(nats: np.ndarray) -> float:
    """The exponential of the mean of symbols' nats."""
    return math.exp(min(float(nats.mean()), _MAX_NATS))


def held_out_nats(
    model: LanguageModel, source: TextSource, samples: int, part: PartName
) -> tuple[np.ndarray, np.ndarray]:
    """-log p of each held-out symbol in nats, float64, and which symbols these are; both `[symbols]`.

    Windows do not overlap. A stateful model reads each row of windows in sequence.
    """
    states = None
    nats, symbols = [], []
    for batch in source.held_out(part, samples):
        tokens = batch["tokens"]
        found, counted, new_states = model.compiled_nats(tf.constant(tokens), states)
        states = new_states if model.carries else None
        kept = counted.numpy() > 0
        nats.append(found.numpy()[kept])
        symbols.append(tokens[:, 1:][kept])
    return np.concatenate(nats).astype(np.float64), np.concatenate(symbols)


def _ngram_context(model: LanguageModel) -> str:
    return "is carried on" if model.carries else "ends at the window's or line's start"


def _context(model: LanguageModel, source: TextSource) -> str:
    if source.settings.lines:
        return "lines, each on its own"
    length = source.settings.length
    return "the state is carried over" if model.carries else f"windows of {length} tokens that do not overlap"
