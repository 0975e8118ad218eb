"""The effect of quantization on image encoders: cosine similarity of embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.export.quality.change import Call, checked, networks_of, require_at_most
from aigc_tf.export.runner import Runner
from aigc_tf.modalities.pictures import as_brightness

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource
    from aigc_tf.families.representation.model import PictureEncoder
    from aigc_tf.recipes.representations import RepresentationRecipe


def vector_quality(
    model: PictureEncoder, source: ImageSource, recipe: RepresentationRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Mean cosine similarity between the file's embeddings and the float network's.

    Args:
        model: the float networks.
        source: its `watched` part is used.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: they differ by more than the recipe allows.
    """
    image = as_brightness(source.inputs("validation", recipe.export_limits.pictures))

    def vectors(call: Call) -> np.ndarray:
        return np.asarray(call("encode", {"image": image})["vector"], np.float64)

    before, after = map(vectors, checked(networks_of(model.signatures(source)), runner.map))
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    cosine = float(((before * after).sum(axis=1) / np.maximum(lengths, 1e-12)).mean())
    allowed = recipe.export_limits.of(quantize)
    require_at_most(
        1 - cosine,
        allowed,
        f"quantize {quantize} turns the vectors of {len(image)} validation pictures: their mean cosine to those of the "
        f"network is {cosine:.4f}; export_limits.{quantize} allows {1 - allowed:g}",
    )
    measure = f"mean cosine to the network's vectors, {len(image)} validation pictures"
    return {"encode": {"measure": measure, "before": 1.0, "after": cosine, "change": cosine - 1, "limit": -allowed}}
