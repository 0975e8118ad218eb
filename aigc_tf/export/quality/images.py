"""The effect of quantization on image models: the float network against the exported file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.export.quality.change import Call, checked, networks_of, require_at_most
from aigc_tf.export.runner import Runner
from aigc_tf.families.base import GenerativeModel, Signature
from aigc_tf.metrics.frechet import GaussianStatistics, StreamingStatistics, frechet_distance
from aigc_tf.metrics.images.drawing import generated_images
from aigc_tf.metrics.images.features import FeatureNetwork, feature_network
from aigc_tf.metrics.images.image_quality import decibels
from aigc_tf.metrics.images.reference import reference_statistics
from aigc_tf.recipes.images import ImageRecipe

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource

GENERATORS = ("generate", "decode")  # signatures from a latent to an image; the first that exists is measured
RECONSTRUCTION = "reconstruct"
SEED = 0
MIN_DISTANCE = 1e-9  # denominator of relative changes, at least; only equal sets of images are nearer
_BATCH = 500


def image_quality(
    model: GenerativeModel, source: ImageSource, recipe: ImageRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Measure a quantized image model, and reject it beyond the limits of the recipe.

    Args:
        model: the exported model. It generates images from the examples of its signature `generate`, or else `decode`.
        source: its `watched` part is reconstructed, and samples are compared with its training images: rejecting a file
            is a choice, and test images must not influence choices.
        recipe: `recipe.export_limits` gives the number of images and the limits.
        runner: runs the file.
        quantize: `dynamic` or `int8`.

    Returns:
        By signature: `measure`, `before` (the float network), `after` (the file), `change`, `limit` (of the change) and
        how they were measured.

        - `generate` or `decode`: Fréchet distance of samples to at most 10,000 training images, the same inputs for
          both, and `relative_change`; `distance_between` is that of the two sets of samples;
        - `reconstruct`: peak signal-to-noise ratio of reconstructed images of the `watched` part, in dB;
          `psnr_between_db` is that of the file's reconstructions to the network's.

    Raises:
        VerificationError: a limit is exceeded, or a number is not finite.
        ValueError: the model has no such signature.
    """
    signatures = model.signatures(source)
    generator = next((name for name in GENERATORS if name in signatures), None)
    calls = checked(networks_of(signatures, _BATCH), runner.map)
    report = {}
    if generator:
        # Without the source, the examples are the model's own prior samples.
        report[generator] = _generated(generator, model.signatures()[generator], source, recipe, calls, quantize)
    if RECONSTRUCTION in signatures:
        report[RECONSTRUCTION] = _reconstructed(signatures[RECONSTRUCTION], source, recipe, calls, quantize)
    if not report:
        raise ValueError(
            f"of the signatures {', '.join(signatures)} none is {', '.join((*GENERATORS, RECONSTRUCTION))}: "
            f"{recipe.slug()} needs an export_quality of its own"
        )
    return report


class _Decoder:
    """Images of a signature's examples, by the float network or by a file: the same examples for both.

    All examples are drawn at once, so that the classes of a conditional model come equally often; the "condition" of
    an image is the row of its example.
    """

    def __init__(self, name: str, signature: Signature, call: Call, samples: int) -> None:
        (self._output,) = signature.outputs
        self._examples, self._call = signature.examples(samples, SEED), partial(call, name)

    def conditions(self, given: Any, count: int) -> np.ndarray:
        """The conditions of the first `count` examples."""
        del given
        return np.arange(count)

    def generate(self, count: int, seed: int = 0, condition: Any = None) -> np.ndarray:
        """float32 `[count, height, width, channels]` in [0, 1]."""
        return self._call({name: values[condition] for name, values in self._examples.items()})[self._output]


def _generated(
    name: str,
    signature: Signature,
    source: ImageSource,
    recipe: ImageRecipe,
    calls: tuple[Call, Call],
    quantize: str,
) -> dict[str, Any]:
    samples, network = recipe.export_limits.samples, feature_network(source, recipe.images)
    before, after = (_statistics(network, _Decoder(name, signature, call, samples), samples) for call in calls)
    real = reference_statistics(network, source, "train")
    distance_before, distance_after = frechet_distance(before, real), frechet_distance(after, real)
    change = distance_after - distance_before
    relative_change = change / max(distance_before, MIN_DISTANCE)
    share = recipe.export_limits.of(quantize).distance_share
    require_at_most(
        abs(relative_change),
        share,
        f"{name}, quantize {quantize}: the Fréchet distance to the data goes from {distance_before:.4g} to "
        f"{distance_after:.4g} ({relative_change:+.1%}, {samples} samples), the limit is {share:.1%}: "
        f"{_fix(quantize, 'distance_share')}",
    )
    return {
        "measure": "Fréchet distance to training images, lower is better",
        "before": distance_before,
        "after": distance_after,
        "change": change,
        "limit": share * distance_before,
        "relative_change": relative_change,
        "distance_between": frechet_distance(before, after),
        "samples": samples,
        "seed": SEED,
        "network": network.name,
        "weights_sha256": network.sha256,
    }


def _statistics(network: FeatureNetwork, decoder: _Decoder, samples: int) -> GaussianStatistics:
    statistics = StreamingStatistics()
    for images in generated_images(decoder, network.shape, samples, SEED):
        statistics.update(network.extract(images).features)
    return statistics.result()


def _reconstructed(
    signature: Signature, source: ImageSource, recipe: ImageRecipe, calls: tuple[Call, Call], quantize: str
) -> dict[str, Any]:
    (key,), (output,) = signature.inputs, signature.outputs
    images = source.inputs("validation", recipe.export_limits.samples)
    errors = np.zeros(3)
    for start in range(0, len(images), _BATCH):
        real = images[start : start + _BATCH].astype(np.float32) / 255
        before, after = (call(RECONSTRUCTION, {key: real})[output] for call in calls)
        errors += [((a - b).astype(np.float64) ** 2).sum() for a, b in ((before, real), (after, real), (after, before))]
    psnr_before, psnr_after, between = (float(value) for value in decibels(errors / images.size))
    change, limit = psnr_after - psnr_before, recipe.export_limits.of(quantize).psnr_db
    require_at_most(
        -change,
        limit,
        f"{RECONSTRUCTION}, quantize {quantize}: the PSNR of reconstructed images goes from {psnr_before:.2f} to "
        f"{psnr_after:.2f} dB ({change:+.2f}), it may fall by {limit:g}: {_fix(quantize, 'psnr_db')}",
    )
    return {
        "measure": f"PSNR of reconstructed {name_of_watched(source)} images in dB, higher is better",
        "before": psnr_before,
        "after": psnr_after,
        "change": change,
        "limit": -limit,
        "psnr_between_db": between,
        "images": len(images),
    }


def name_of_watched(source: ImageSource) -> str:
    """Name of the `watched` part, for reports."""
    return "training" if source.validation is None else "validation"


def _fix(quantize: str, limit: str) -> str:
    other = "dynamic or float16" if quantize == "int8" else "float16"
    return f"choose quantize {other}, train longer, or raise export_limits.{quantize}.{limit} of the recipe"
