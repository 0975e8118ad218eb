"""The effect of export on image-to-image models: PSNR of validation crops, network against file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.export.quality.change import checked, networks_of, require_at_most
from aigc_tf.export.runner import Runner
from aigc_tf.metrics.images.image_quality import EQUAL_DB, decibels

MIN_CROPS = 16
ONE_LEVEL_DB = 20 * math.log10(255)
"""PSNR of images with a root mean square difference of one of 256 levels; single pixels may differ by more."""

if TYPE_CHECKING:
    from aigc_tf.data.photos.source import PhotoSource
    from aigc_tf.families.photo_model import PhotoModel
    from aigc_tf.recipes.photos import PhotoRecipe


def photo_quality(
    model: PhotoModel, source: PhotoSource, recipe: PhotoRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Measure the file of an image-to-image model, and reject a quantized one beyond the limits of the recipe.

    Args:
        model: the exported model.
        source: crops of its `watched` part are the inputs: rejecting a file is a choice, and test photographs must not
            influence choices. They have the size that the file takes, or that of training crops.
        recipe: `recipe.export_limits` gives the number of crops of the latter size, and the limits.
        runner: runs the file.
        quantize: the file's quantization.

    Returns:
        By signature: `measure`, `before` (the float network), `after` (the file), `change`, `limit` (of the change) and
        how they were measured. The PSNR is to the ground truth, or to the network's output where there is none.

    Raises:
        VerificationError: a number is not finite; or the limit is exceeded, and the file's images differ from the
            network's by more than one of 256 levels (root mean square).
    """
    ((name, signature),) = model.signatures(source).items()
    (output,) = signature.outputs
    usual, side = recipe.photos.crop, model.scale * runner.inputs(name)["image"][0][1]
    side = side if side > 0 else usual
    count = min(recipe.export_limits.crops, max(MIN_CROPS, recipe.export_limits.crops * usual**2 // side**2))
    crops = source.unit_crops("validation", count, side)
    inputs, truth = model.examples(crops, 0), model.truth(crops)
    calls = checked(networks_of({name: signature}), runner.map)
    by_network, by_file = (call(name, inputs)[output] for call in calls)
    limits = recipe.export_limits.of(quantize)
    before = EQUAL_DB if truth is None else _psnr_db(by_network, truth)
    after = _psnr_db(by_file, by_network if truth is None else truth)
    allowed, field = (EQUAL_DB - limits.likeness_db, "likeness_db") if truth is None else (limits.psnr_db, "psnr_db")
    compared = "the network's output" if truth is None else "the ground truth"
    between = _psnr_db(by_file, by_network)
    message = (
        f"{name}, quantize {quantize}: the PSNR of crops to {compared} goes from {before:.2f} to {after:.2f} dB, it "
        f"may fall by {allowed:g}: choose quantize float16, train longer, or change export_limits.{quantize}.{field}"
    )
    if truth is None or between < ONE_LEVEL_DB:
        require_at_most(before - after, allowed, message)
    return {
        name: {
            "measure": f"PSNR of validation crops to {compared} in dB, higher is better",
            "before": before,
            "after": after,
            "change": after - before,
            "limit": -allowed,
            "psnr_between_db": between,
            "crops": len(by_file),
        }
    }


def _psnr_db(pictures: np.ndarray, references: np.ndarray) -> float:
    """PSNR of the mean square error over all crops: in a mean of decibels, crops of plain sky (60 dB) dominate."""
    first, second = (np.clip(part, 0, 1).astype(np.float64) for part in (pictures, references))
    return float(decibels(np.square(first - second).mean()))
