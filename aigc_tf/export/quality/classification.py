"""The effect of quantization on text classifiers: accuracy on validation texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.labelled.source import LabelledSource, padded_rows
from aigc_tf.data.source import evenly
from aigc_tf.export.quality.change import Call, checked, networks_of, require_at_most
from aigc_tf.export.runner import Runner
from aigc_tf.families.text.classification.model import TextClassifier
from aigc_tf.metrics.classification import accuracy
from aigc_tf.recipes.classify import Classify


def classification_quality(
    model: TextClassifier, source: LabelledSource, recipe: Classify, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Accuracy before and after quantization.

    Args:
        model: the classifier.
        source: its `watched` part is used, since rejecting a file is a choice, and test text must not influence
            choices.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: the accuracy falls by more than the recipe allows.
    """
    split, limits = source.watched.labelled(), recipe.export_limits
    rows = evenly(len(split), limits.texts)
    tokens = padded_rows([split.tokens[row] for row in rows], recipe.text.context)

    def right(call: Call) -> float:
        return accuracy(np.asarray(call("classify", {"tokens": tokens})["probabilities"]), split.labels[rows])

    before, after = map(right, checked(networks_of(model.signatures(source)), runner.map))
    allowed = limits.of(quantize)
    require_at_most(
        before - after,
        allowed,
        f"quantize {quantize} lowers the accuracy on {len(rows)} validation texts from {before:.1%} to {after:.1%}; "
        f"export_limits.{quantize} allows {allowed:.1%}",
    )
    return {
        "classify": {
            "measure": f"accuracy on {len(rows)} validation texts",
            "before": before,
            "after": after,
            "change": after - before,
            "limit": allowed,
        }
    }
