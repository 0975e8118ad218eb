"""The effect of quantization on models that generate and classify images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.export.quality.change import Call, checked, networks_of, require_at_most
from aigc_tf.export.quality.images import image_quality
from aigc_tf.export.runner import Runner
from aigc_tf.metrics.classification import accuracy
from aigc_tf.modalities.pictures import as_brightness

if TYPE_CHECKING:
    from aigc_tf.data.images.few_labels import FewLabelsSource
    from aigc_tf.recipes.few_labels import FewLabelsRecipe


def classified_quality(
    model: Any, source: FewLabelsSource, recipe: FewLabelsRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """The figures of `image_quality` for generated images, and the accuracy before and after quantization.

    Args:
        model: a `PictureClassifier` that generates images.
        source: its `watched` part is classified.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: one of them becomes worse than the recipe allows.
    """
    limits = recipe.export_limits
    part = source.watched.some(limits.samples)
    image = as_brightness(np.asarray(part.images))

    def right(call: Call) -> float:
        return accuracy(np.asarray(call("classify", {"image": image})["probabilities"]), np.asarray(part.labels))

    before, after = map(right, checked(networks_of(model.signatures(source)), runner.map))
    require_at_most(
        before - after,
        limits.accuracy,
        f"quantize {quantize} lowers the accuracy on {len(image)} validation pictures from {before:.1%} to "
        f"{after:.1%}; export_limits.accuracy allows {limits.accuracy:.1%}",
    )
    told = {
        "measure": f"accuracy on {len(image)} validation pictures",
        "before": before,
        "after": after,
        "change": after - before,
        "limit": -limits.accuracy,
    }
    return image_quality(model, source, recipe, runner, quantize) | {"classify": told}
