"""What quantizing changes in models from text to text, measured on the exported file itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.pairs.source import PairSource
from aigc_tf.data.source import evenly
from aigc_tf.data.text.split import PADDING
from aigc_tf.export.quality.change import Call, checked, relative_rise
from aigc_tf.export.runner import Runner
from aigc_tf.export.verify import Arrays
from aigc_tf.families.text.seq2seq.model import Seq2Seq
from aigc_tf.families.text.seq2seq.search import Writer
from aigc_tf.recipes.seq2seq import Seq2SeqRecipe


def pair_quality(
    model: Seq2Seq, source: PairSource, recipe: Seq2SeqRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """The perplexity of held-out targets before and after quantizing, symbol by symbol through the cache.

    Args:
        model: the float networks.
        source: its `watched` part is read: what is refused here is chosen, and test pairs choose nothing.
        recipe: the model's, with `export_limits`.
        runner: of the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: the perplexity rises by a larger share than the recipe allows.
    """
    rows = runner.batch("encode")
    chosen = evenly(len(source.watched), recipe.export_limits.pairs)
    chosen = np.resize(chosen, -(-len(chosen) // rows) * rows).reshape(-1, rows)

    def networks(name: str, inputs: Arrays) -> Arrays:
        return {key: tensor.numpy() for key, tensor in model.networks.call(name, **inputs).items()}

    def error(call: Call) -> float:
        return perplexity(call, model, source, chosen)

    calls = checked(networks, lambda name, inputs: runner(name, **inputs))
    allowed = recipe.export_limits.of(quantize)
    return {"step": relative_rise("perplexity of held-out targets", error, calls, quantize, allowed)}


def perplexity(call: Call, model: Seq2Seq, source: PairSource, batches: np.ndarray) -> float:
    """Of the targets of pairs, int `[batches, rows]`, of the `watched` part.

    Args:
        call: runs `encode`, `start` and `step`.
        model: of the networks.
        source: of the pairs.
        batches: which pairs.
    """
    total, counted = 0.0, 0
    for rows in batches:
        texts = [source.watched.pairs[row].source for row in rows]
        writer = Writer(model.networks, model.sources(texts), lambda name, **inputs: call(name, _arrays(inputs)))
        _, target = source.watched.batch(rows)
        for time in range(target.shape[1] - 1):
            log_p = writer.read(np.maximum(target[:, time], 0))
            real = target[:, time + 1] != PADDING
            total -= float(log_p[real, target[real, time + 1]].sum())
            counted += int(real.sum())
    return float(np.exp(total / counted))


def _arrays(inputs: dict[str, Any]) -> Arrays:
    return {name: np.asarray(values) for name, values in inputs.items()}
