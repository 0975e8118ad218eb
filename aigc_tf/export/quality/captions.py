"""What quantizing changes in models that write captions: the perplexity of held-out ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.captioned.source import CaptionedSource
from aigc_tf.export.quality.pairs import rise_of_perplexity
from aigc_tf.export.runner import Runner
from aigc_tf.families.text.captioning.model import Captioner, between_boundaries
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes.caption import Caption


def caption_quality(
    model: Captioner, source: CaptionedSource, recipe: Caption, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """The perplexity of held-out captions before and after quantizing, symbol by symbol through the cache.

    Args:
        model: the float networks.
        source: its `watched` part is read: what is refused here is chosen, and test pairs choose nothing.
        recipe: the model's, with `export_limits`.
        runner: of the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: the perplexity rises by a larger share than the recipe allows.
    """
    pictures, captions = source.pairs("validation", recipe.export_limits.pairs)
    rows = runner.batch("encode")
    chosen = np.resize(np.arange(len(captions)), -(-len(captions) // rows) * rows).reshape(-1, rows)
    images, targets = as_brightness(pictures), np.asarray(between_boundaries(model.captions.numbers(captions)))
    batches = [(images[some], targets[some]) for some in chosen]
    return {"step": rise_of_perplexity(model, batches, runner, quantize, recipe.export_limits.of(quantize))}
