"""Likelihood of the targets of held-out pairs under text-to-text models."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aigc_tf.data.pairs.source import PairSource
from aigc_tf.data.source import PartName, Source
from aigc_tf.families.text.seq2seq.decoder_model import DecoderModel
from aigc_tf.families.text.seq2seq.model import Seq2Seq
from aigc_tf.metrics.evaluator import Chooser, Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.text.likelihood import ORDER, perplexity
from aigc_tf.metrics.text.ngram import NGram, nats_of
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.seq2seq import Seq2SeqRecipe


class HeldOutTargets(Evaluator):
    """The likelihood of held-out targets, compared with an n-gram of order 5 over targets, which ignores the source.

    Figures, lower is better: nats_per_symbol, and its exponential perplexity. The end of a target counts as a symbol.
    """

    def measure(self, model: Seq2Seq, source: PairSource, recipe: Seq2SeqRecipe, request: Request) -> Measurement:
        """Score at most `request.samples` pairs of the part; see `Evaluator.measure`. Nothing is sampled."""
        nats = held_out_nats(model, source, request.samples, request.part)
        ngram = NGram(source.train.target.tokens, len(source.vocabularies.target), ORDER)
        batches = [batch["target"] for batch in source.held_out(request.part, request.samples)]
        beside = nats_of(ngram, batches)
        name = f"{ORDER}-gram of targets"
        figures = {
            "nats_per_symbol": Figure(float(nats.mean()), "lower", {name: float(beside.mean())}),
            "perplexity": Figure(perplexity(nats), "lower", {name: perplexity(beside)}),
        }
        protocol = {
            "held-out pairs": sum(map(len, batches)),
            "tokens of their targets": len(nats),
            f"{request.part} split": source.split_in_words(request.part),
            "unit": source.vocabularies.target.unit,
            "tokens in the vocabulary of targets": len(source.vocabularies.target),
        }
        return Measurement(figures, protocol)


class NatsPerSymbol(Chooser):
    """The mean of -log p over the symbols of held-out targets, lower is better."""

    name = "nats_per_symbol"

    def value(self, model: DecoderModel, source: Source, recipe: Recipe, samples: int, part: PartName) -> float:
        """Measured on at most `samples` pairs."""
        return float(held_out_nats(model, source, samples, part).mean())


def held_out_nats(model: DecoderModel, source: Source, samples: int, part: PartName) -> np.ndarray:
    """-log p of each symbol of held-out targets, their ends included, in nats: float64 `[symbols]`."""
    found = []
    for batch in source.held_out(part, samples):
        nats, _, counted = model.compiled_nats({name: tf.constant(values) for name, values in batch.items()})
        found.append(nats.numpy()[counted.numpy() > 0])
    return np.concatenate(found).astype(np.float64)
