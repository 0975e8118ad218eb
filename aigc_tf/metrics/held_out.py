"""The held-out loss, for every model whose `test_step` returns one."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from aigc_tf.data.source import PartName, Source
from aigc_tf.metrics.evaluator import Chooser


def held_out_loss(model: Any, source: Source, samples: int, part: PartName) -> float:
    """The mean over examples of a part of the "loss" of the model's `test_step`; lower is better.

    Args:
        model: its loss is a mean over a batch.
        source: of the part.
        samples: how many examples, at most.
        part: of the source.
    """
    model.make_test_function()  # compiled at the first call, and cached by the model
    total, count = 0.0, 0
    for batch in source.held_out(part, samples):
        size = max(array.shape[0] for array in batch.values() if array.ndim)
        total += size * float(model.test_function(iter(tf.data.Dataset.from_tensors(batch)))["loss"])
        count += size
    return total / count


class HeldOutLoss(Chooser):
    """See `held_out_loss`."""

    name = "held_out_loss"

    def value(self, model: Any, source: Source, recipe: Any, samples: int, part: PartName) -> float:
        """In the units of the model's loss, such as nats per example."""
        return held_out_loss(model, source, samples, part)
