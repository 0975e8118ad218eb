"""The effect of quantization on captioning models: perplexity of held-out captions."""

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
    """Perplexity of held-out captions before and after quantization, token by token through the KV cache.

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
    pictures, captions = source.pairs("validation", recipe.export_limits.pairs)
    rows = runner.batch("encode")
    chosen = np.resize(np.arange(len(captions)), -(-len(captions) // rows) * rows).reshape(-1, rows)
    images, targets = as_brightness(pictures), np.asarray(between_boundaries(model.captions.numbers(captions)))
    batches = [(images[some], targets[some]) for some in chosen]
    return {"step": rise_of_perplexity(model, batches, runner, quantize, recipe.export_limits.of(quantize))}
