"""The effect of export on locating captions in video: error in frames on validation clips, network against file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.data.moments.grams import grams_of
from aigc_tf.export.quality.change import Call, checked, networks_of, require_at_most
from aigc_tf.export.runner import Runner
from aigc_tf.families.alignment.model import Aligner, moments_of
from aigc_tf.metrics.video.moments import likeness
from aigc_tf.recipes.align import Align

if TYPE_CHECKING:
    from aigc_tf.data.moments.source import MomentSource


def moment_quality(
    model: Aligner, source: MomentSource, recipe: Align, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Measure a file on clips of the `watched` part, and reject it beyond the limits of the recipe.

    Args:
        model: the exported model.
        source: the run's source.
        recipe: `recipe.export_limits` gives the number of clips and the limits.
        runner: runs the file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: the limit is exceeded, or a number is not finite.
    """
    clips = source.inputs("validation", recipe.export_limits.clips)
    truth = np.concatenate([clip.places for clip in clips])

    def error(call: Call) -> float:
        middles = []
        for clip in clips:
            grams = grams_of(clip.captions, recipe.grams, recipe.buckets)
            seen = call("look", {"frame": model.fitted(clip.frames)})["frame_vector"]
            middles.append(moments_of(call("read", {"grams": grams})["caption_vector"] @ seen.T).mean(axis=1))
        return likeness(np.concatenate(middles), truth)["frame_error"]

    before, after = (error(call) for call in checked(networks_of(model.signatures(source)), runner.map))
    allowed = recipe.export_limits.of(quantize)
    require_at_most(
        after - before,
        allowed,
        f"quantize {quantize} raises the error of moments from {before:.2f} to {after:.2f} frames, "
        f"export_limits.{quantize} allows {allowed:g}: choose quantize float16, or train longer",
    )
    measure = "error of moments of validation clips in frames, lower is better"
    report = {"measure": measure, "before": before, "after": after, "change": after - before, "limit": allowed}
    return {"read": report | {"clips": len(clips)}}
