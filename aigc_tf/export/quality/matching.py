"""The effect of quantization on image-text matching models: recall at 10 on validation pairs."""

from __future__ import annotations

from typing import Any

from aigc_tf.data.captioned.source import CaptionedSource
from aigc_tf.export.quality.change import Call, checked, networks_of, require_at_most
from aigc_tf.export.runner import Runner
from aigc_tf.families.matching.model import Matcher
from aigc_tf.metrics.captioned.matching import ranks, recall, same_captions
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes.match import Match

MOST = 10


def matching_quality(
    model: Matcher, source: CaptionedSource, recipe: Match, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Recall at 10 of the image for a caption, before and after quantization.

    Args:
        model: the float networks.
        source: its `watched` part is used, since rejecting a file is a choice, and test pairs must not influence
            choices.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: it falls by more than the recipe allows.
    """
    pictures, texts = source.pairs("validation", recipe.export_limits.pairs)
    image, words = as_brightness(pictures), model.captions.numbers(texts)

    def found(call: Call) -> float:
        fit = call("words", {"words": words})["vector"] @ call("pictures", {"image": image})["vector"].T
        return recall(ranks(fit, same_captions(texts)), MOST)

    before, after = map(found, checked(networks_of(model.signatures(source)), runner.map))
    allowed, measure = recipe.export_limits.of(quantize), f"recall at {MOST} of {len(texts)} validation pairs"
    require_at_most(
        before - after,
        allowed,
        f"quantize {quantize} lowers {measure} from {before:.3f} to {after:.3f}; export_limits.{quantize} allows "
        f"{allowed:g}",
    )
    change = {"measure": measure, "before": before, "after": after, "change": after - before, "limit": allowed}
    return {"pictures and words": change}
