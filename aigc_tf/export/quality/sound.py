"""The effect of quantization on sound generators: Fréchet distance of samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.sound.source import SoundSource
from aigc_tf.data.sound.spectrograms import spectrograms
from aigc_tf.export.quality.change import Call, checked, networks_of, relative_rise
from aigc_tf.export.runner import Runner
from aigc_tf.families.sounding import Sounding
from aigc_tf.metrics.frechet import frechet_distance, gaussian_statistics
from aigc_tf.metrics.images.reference import reference_statistics
from aigc_tf.metrics.sound.features import of_source
from aigc_tf.recipes.sound import SoundRecipe

_SEED = 0


def sound_quality(
    model: Sounding, source: SoundSource, recipe: SoundRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Fréchet distance of generated sounds to training recordings before and after quantization, from the same latents.

    Args:
        model: the float networks.
        source: its training part is the reference: rejecting a file is a choice, and test data must not influence
            choices.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: the distance rises by a larger share than the recipe allows.
    """
    signatures = model.signatures()
    name = next(name for name in ("generate", "decode") if name in signatures)
    examples = signatures[name].examples(recipe.export_limits.samples, _SEED)
    network = of_source(source)
    real = reference_statistics(network, source.pictures, "train")

    def distance(call: Call) -> float:
        images = np.round(spectrograms(call(name, examples)["sound"], recipe.sound) * 255).astype(np.uint8)
        return frechet_distance(gaussian_statistics(network.extract(images).features), real)

    calls = checked(networks_of(signatures, 100), runner.map)
    allowed = recipe.export_limits.of(quantize)
    return {name: relative_rise("Fréchet distance to training sounds", distance, calls, quantize, allowed)}
