"""What quantizing changes in restored photographs: the PSNR of validation crops, by the network and by the file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.export.quality.change import checked, networks_of, require_at_most
from aigc_tf.export.runner import Runner
from aigc_tf.metrics.images.image_quality import decibels

if TYPE_CHECKING:
    from aigc_tf.data.photos.source import PhotoSource
    from aigc_tf.families.restoration.model import Restorer
    from aigc_tf.recipes.photos import RestorationRecipe

SIGNATURE = "restore"


def photo_quality(
    model: Restorer, source: PhotoSource, recipe: RestorationRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Measure a quantized file of a restoring model, and refuse it beyond the limits of the recipe.

    Args:
        model: what was exported.
        source: crops of its `watched` part are restored: what is refused here is chosen, and test photographs choose
            nothing.
        recipe: `recipe.export_limits` says with how many crops, and what is accepted.
        runner: of the file.
        quantize: `dynamic` or `int8`.

    Returns:
        Under "restore": `measure`, `before` (the float network), `after` (the file), `change`, `limit` (of the change)
        and what they were measured with.

    Raises:
        VerificationError: the limit is exceeded, or a number is not finite.
    """
    crops = source.crops_of("validation", recipe.export_limits.crops).astype(np.float32) / 255
    inputs = model.examples(crops, 0)
    calls = checked(networks_of(model.signatures(source)), runner.map)
    before, after = (_psnr_db(partial(call, SIGNATURE), inputs, crops) for call in calls)
    limit = recipe.export_limits.of(quantize).psnr_db
    require_at_most(
        before - after,
        limit,
        f"{SIGNATURE}, quantize {quantize}: the PSNR of restored crops goes from {before:.2f} to {after:.2f} dB, it "
        f"may fall by {limit:g}: choose quantize float16, train longer, or raise export_limits.{quantize}.psnr_db",
    )
    return {
        SIGNATURE: {
            "measure": "PSNR of restored validation crops in dB, higher is better",
            "before": before,
            "after": after,
            "change": after - before,
            "limit": -limit,
            "crops": len(crops),
        }
    }


def _psnr_db(call: partial[Any], inputs: dict[str, np.ndarray], crops: np.ndarray) -> float:
    restored = np.clip(call(inputs)["restored"], 0, 1).astype(np.float64)
    return float(decibels(np.square(restored - crops).mean(axis=(1, 2, 3))).mean())
