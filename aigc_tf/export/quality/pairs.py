"""The effect of quantization on sequence-to-sequence models: perplexity of targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_tf.data.pairs.source import PairSource
from aigc_tf.data.source import evenly
from aigc_tf.data.text.split import PADDING
from aigc_tf.export.quality.change import Call, checked, relative_rise
from aigc_tf.export.runner import Runner
from aigc_tf.export.verify import Arrays
from aigc_tf.families.text.seq2seq.decoder_model import DecoderModel
from aigc_tf.families.text.seq2seq.model import Seq2Seq
from aigc_tf.families.text.seq2seq.networks import Seq2SeqNetworks
from aigc_tf.families.text.seq2seq.search import Writer
from aigc_tf.recipes.seq2seq import Seq2SeqRecipe


def pair_quality(
    model: Seq2Seq, source: PairSource, recipe: Seq2SeqRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Perplexity of held-out targets before and after quantization, token by token through the KV cache.

    Args:
        model: the float networks.
        source: its `watched` part is used, since rejecting a file is a choice, and test pairs must not influence
            choices.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: the perplexity rises by a larger share than the recipe allows.
    """
    rows = runner.batch("encode")
    chosen = evenly(len(source.watched), recipe.export_limits.pairs)
    chosen = np.resize(chosen, -(-len(chosen) // rows) * rows).reshape(-1, rows)
    batches = [
        (model.sources([source.watched.pairs[row].source for row in some]), source.watched.batch(some)[1])
        for some in chosen
    ]
    return {"step": rise_of_perplexity(model, batches, runner, quantize, recipe.export_limits.of(quantize))}


def rise_of_perplexity(
    model: DecoderModel, batches: Sequence[tuple[np.ndarray, np.ndarray]], runner: Runner, quantize: str, allowed: float
) -> dict[str, Any]:
    """The relative increase of the perplexity of targets by quantization.

    Args:
        model: the model of the networks.
        batches: tokenized sources, and targets with boundary tokens, int32 `[rows, time]`, padded with -1.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.
        allowed: largest relative increase accepted.

    Raises:
        VerificationError: it rises by more.
    """

    def networks(name: str, inputs: Arrays) -> Arrays:
        return {key: tensor.numpy() for key, tensor in model.networks.call(name, **inputs).items()}

    def error(call: Call) -> float:
        return perplexity(call, model.networks, batches)

    calls = checked(networks, lambda name, inputs: runner(name, **inputs))
    return relative_rise("perplexity of held-out targets", error, calls, quantize, allowed)


def perplexity(call: Call, networks: Seq2SeqNetworks, batches: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Perplexity of the targets of some sources; `call` runs `encode`, `start` and `step`."""
    total, counted = 0.0, 0
    for sources, targets in batches:
        writer = Writer(networks, sources, lambda name, **inputs: call(name, _arrays(inputs)))
        for time in range(targets.shape[1] - 1):
            log_p = writer.read(np.maximum(targets[:, time], 0))
            real = targets[:, time + 1] != PADDING
            total -= float(log_p[real, targets[real, time + 1]].sum())
            counted += int(real.sum())
    return float(np.exp(total / counted))


def _arrays(inputs: dict[str, Any]) -> Arrays:
    return {name: np.asarray(values) for name, values in inputs.items()}
