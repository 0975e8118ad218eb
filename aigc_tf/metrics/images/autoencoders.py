"""The measured quality of autoencoders: of samples, of reconstructions, and of the likelihood."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.images.source import to_unit
from aigc_tf.families.autoencoder.model import Autoencoder, as_brightness
from aigc_tf.families.autoencoder.vae import VAE
from aigc_tf.metrics.frechet import frechet_distance, gaussian_statistics
from aigc_tf.metrics.images import samples as image_metrics
from aigc_tf.metrics.images.features import Kind, feature_network
from aigc_tf.metrics.images.image_quality import psnr, ssim
from aigc_tf.metrics.images.reference import reference_features, reference_statistics
from aigc_tf.metrics.kernel import kernel_distance
from aigc_tf.metrics.likelihood import STATIC_SEED, binarised, bits_per_dimension, lower_bounds
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.nn.variational import ACTIVE_VARIANCE, gaussian_kl
from aigc_tf.recipes.autoencoders import AutoencoderRecipe

if TYPE_CHECKING:
    from aigc_tf.data.images.opening import ImageSource

BOUND_IMAGES, BOUND_SAMPLES = 1000, 100
_CHUNK_IMAGES, _CHUNK_NUMBERS = 500, 2**22


def held_out_loss(model: Autoencoder, source: ImageSource, recipe: AutoencoderRecipe, samples: int) -> float:
    """The mean of the model's held-out loss over test images, in nats an image; lower is better.

    Args:
        model: its `test_step` gives the "loss", averaged over a batch.
        source: its test split is used.
        recipe: the model's; not needed.
        samples: how many test images, the first ones, or all if there are fewer.
    """
    del recipe
    model.make_test_function()  # compiled at the first call, and kept by the model
    total = 0.0
    chunks = list(_chunks(source.test.images[:samples]))
    for chunk in chunks:
        batch = tf.data.Dataset.from_tensors(to_unit(chunk))
        total += len(chunk) * float(model.test_function(iter(batch))["loss"])
    return total / sum(len(chunk) for chunk in chunks)


def evaluate(
    model: Autoencoder,
    source: ImageSource,
    recipe: AutoencoderRecipe,
    samples: int = 10_000,
    seed: int = 0,
    kind: Kind = "auto",
) -> dict[str, Any]:
    """Measure samples, reconstructions and likelihood of an autoencoder on the test images of the source.

    Args:
        model: the autoencoder.
        source: its test split is the reference, and what is reconstructed.
        recipe: its corruption is what a denoiser's inputs suffer here.
        samples: how many images are generated; at most as many test images are reconstructed.
        seed: of samples, corruption and noise.
        kind: of feature network, see `aigc_tf.metrics.images.features.feature_network`.

    Returns:
        All that `aigc_tf.metrics.images.samples.evaluate` says of generated images, and further floats:

        - reconstruction_frechet_distance, reconstruction_kernel_distance and its _error: the same distances for
          reconstructions of test images;
        - psnr_db and ssim: of reconstructions to the test images, means over images, higher is better; for
          denoisers corrupted_psnr_db and corrupted_ssim are the same for their inputs;
        - for variational autoencoders, in nats an image on the first test images: evidence_lower_bound and
          importance_weighted_bound (higher is better), kl_divergence; bits_per_dimension of the second bound (lower
          is better); active_units, latent dimensions whose mean varies over images (Burda et al. 2016, §5.2).

    Raises:
        InputError: too few samples or test images, or the feature network cannot be had.
    """
    report = image_metrics.evaluate(model, source, recipe, samples, seed, kind)
    protocol = report.pop("protocol")
    reconstructed, described = _reconstruction(model, source, recipe, samples, seed, kind)
    report |= reconstructed
    protocol |= described
    if isinstance(model, VAE):
        clean = targets(source.test.images[: min(samples, BOUND_IMAGES)], recipe)
        report |= _likelihood(model, clean, seed)
        protocol |= {
            "bound": f"{BOUND_SAMPLES} samples on the first {len(clean)} test images, uncorrupted",
            "likelihood": likelihood_in_words(model, recipe),
        }
    return report | {"protocol": protocol}


def targets(images: np.ndarray, recipe: AutoencoderRecipe) -> np.ndarray:
    """Images as the recipe learns them, float32 in [0, 1]: black and white ones are one fixed draw."""
    brightness = as_brightness(images)
    return binarised(brightness, STATIC_SEED) if recipe.binarise else brightness


def likelihood_in_words(model: VAE, recipe: AutoencoderRecipe) -> str:
    """What a bound is a bound on, for protocols."""
    kind = recipe.likelihood.kind.replace("_", " ")
    if recipe.binarise:
        return f"{kind}, static binarisation (one Bernoulli draw of each pixel, seed {STATIC_SEED})"
    if model.likelihood.is_density:
        return f"{kind} density of brightness in [0, 1]; bits per dimension add log2(255) for grey levels 1/255 apart"
    if recipe.likelihood.kind == "bernoulli":
        return f"{kind} on grey values: the customary cross-entropy, no normalised probability"
    return f"{kind}, probability of 256 grey levels"


def _reconstruction(
    model: Autoencoder, source: ImageSource, recipe: AutoencoderRecipe, samples: int, seed: int, kind: Kind
) -> tuple[dict[str, float], dict[str, Any]]:
    """Figures of reconstructed test images, and their part of the protocol."""
    network = feature_network(source, recipe.images, kind)
    features: list[np.ndarray] = []
    quality: dict[str, list[np.ndarray]] = {}

    def compare(images: np.ndarray, clean: np.ndarray, prefix: str = "") -> None:
        for name, measure in (("psnr_db", psnr), ("ssim", ssim)):
            quality.setdefault(prefix + name, []).append(measure(images, clean))

    for index, chunk in enumerate(_chunks(source.test.images[:samples])):
        clean = targets(chunk, recipe)
        inputs = np.asarray(model.corrupted(clean, image_metrics.chunk_seed(seed, index)))
        result = model.reconstruct(inputs)
        features.append(network.extract(to_bytes(result)).features)
        compare(result, clean)
        if recipe.corruption.is_on:
            compare(inputs, clean, "corrupted_")
    reconstructed = np.concatenate(features)
    kernel = kernel_distance(reconstructed, reference_features(network, source).features)
    report = {name: float(np.mean(np.concatenate(parts))) for name, parts in quality.items()}
    report |= {
        "reconstruction_frechet_distance": frechet_distance(
            gaussian_statistics(reconstructed), reference_statistics(network, source)
        ),
        "reconstruction_kernel_distance": kernel.distance,
        "reconstruction_kernel_distance_error": kernel.standard_error,
    }
    return report, {"reconstructed_test_images": len(reconstructed), "inputs": _inputs_in_words(recipe, seed)}


def _inputs_in_words(recipe: AutoencoderRecipe, seed: int) -> str:
    images = "binarised once" if recipe.binarise else "grey values"
    return f"{images}, corrupted as in training, seed {seed}" if recipe.corruption.is_on else f"{images}, uncorrupted"


def _likelihood(model: VAE, images: np.ndarray, seed: int) -> dict[str, float]:
    bounds = lower_bounds(model, images, BOUND_SAMPLES, seed)
    mean, log_variance = model.posterior(images)
    importance_weighted = float(bounds.importance_weighted.mean())
    return {
        "evidence_lower_bound": float(bounds.evidence_lower_bound.mean()),
        "importance_weighted_bound": importance_weighted,
        "bits_per_dimension": bits_per_dimension(importance_weighted, model),
        "kl_divergence": float(np.sum(gaussian_kl(mean, log_variance), axis=1).mean()),
        "active_units": float((mean.var(axis=0) > ACTIVE_VARIANCE).sum()),
    }


def _chunks(images: np.ndarray) -> Iterator[np.ndarray]:
    """Parts of test images small enough to be worked on at once."""
    size = max(1, min(_CHUNK_IMAGES, _CHUNK_NUMBERS // math.prod(images.shape[1:])))
    for start in range(0, len(images), size):
        yield images[start : start + size]
