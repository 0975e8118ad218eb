"""The measured quality of autoencoders: of reconstructions, and of the likelihood."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.data.source import PartName
from aigc_tf.errors import InputError
from aigc_tf.families.autoencoder.model import Autoencoder
from aigc_tf.families.autoencoder.vae import VAE
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.frechet import frechet_distance, gaussian_statistics
from aigc_tf.metrics.images.drawing import chunk_seed
from aigc_tf.metrics.images.features import FeatureNetwork, of_request
from aigc_tf.metrics.images.image_quality import psnr, ssim
from aigc_tf.metrics.images.pca import pixel_components
from aigc_tf.metrics.images.reference import reference_features, reference_statistics
from aigc_tf.metrics.kernel import MIN_FEATURES, kernel_distance
from aigc_tf.metrics.likelihood import STATIC_SEED, binarised, bits_per_dimension, lower_bounds
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.nn.variational import active_units, gaussian_kl
from aigc_tf.recipes.autoencoders import AutoencoderRecipe

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource
    from aigc_tf.metrics.pca import PCA

BOUND_IMAGES, BOUND_SAMPLES = 1000, 100
_CHUNK_IMAGES, _CHUNK_NUMBERS = 500, 2**22
MEASURES = {"psnr_db": psnr, "ssim": ssim}
CORRUPTED = "corrupted input"


class Reconstruction(Evaluator):
    """How alike reconstructions are to the images of the part.

    Figures:

    - psnr_db and ssim: of reconstructions to the images, means over images, higher is better; beside them those of
      PCA with as many components as the model has latent dimensions, given the same inputs. For denoisers
      corrupted_psnr_db and corrupted_ssim are those of their inputs;
    - reconstruction_frechet_distance, reconstruction_kernel_distance and its _error: distances of reconstructions to
      the images, in the feature space of `aigc_tf.metrics.images.samples.Samples`, lower is better.
    """

    def measure(
        self, model: Autoencoder, source: ImageSource, recipe: AutoencoderRecipe, request: Request
    ) -> Measurement:
        """Reconstruct at most `request.samples` images, the first ones; see `Evaluator.measure`.

        The recipe's corruption is what a denoiser's inputs suffer here, with draws from `request.seed`.

        Raises:
            InputError: fewer than 4 images, or the feature network is not available.
        """
        images = source.part(request.part).images[: request.samples]
        if len(images) < MIN_FEATURES:
            raise InputError(
                f"{len(images)} {request.part} images of {source.name}: at least {MIN_FEATURES} are needed"
            )
        network = of_request(source, recipe.images, request)
        linear = pixel_components(source, model.latent_dim, lambda some: targets(some, recipe), form(recipe))
        quality, features = _compare(model, network, linear, images, recipe, request.seed)
        name = f"PCA of {len(linear.components)} components"
        figures = {}
        for measure in MEASURES:
            baselines = {name: quality["pca", measure]}
            if recipe.corruption.is_on:
                baselines[CORRUPTED] = quality["corrupted", measure]
                figures[f"corrupted_{measure}"] = Figure(quality["corrupted", measure], "neither")
            figures[measure] = Figure(quality["model", measure], "higher", baselines)
        figures |= _distance_figures(network, features, source, request.part)
        protocol = {
            f"reconstructed_{request.part}_images": len(images),
            "inputs": _inputs_in_words(recipe, request.seed),
            "pca": f"{len(linear.components)} components of {linear.examples} training images, given the same inputs",
        }
        return Measurement(figures, protocol)


class Likelihood(Evaluator):
    """Lower bounds on the log-likelihood of images of the part under a variational autoencoder, in nats an image.

    Figures:

    - evidence_lower_bound (Kingma & Welling 2014, eq. 2) and importance_weighted_bound (Burda et al. 2016, eq. 8),
      higher is better; kl_divergence, a part of the first;
    - bits_per_dimension: of the second bound, lower is better;
    - active_units: latent dimensions whose mean varies over images by more than 0.01 (Burda et al. 2016, §5.2).
    """

    def measure(self, model: VAE, source: ImageSource, recipe: AutoencoderRecipe, request: Request) -> Measurement:
        """Bound the first images, at most 1,000, uncorrupted; see `Evaluator.measure`.

        Raises:
            InputError: the part has no images.
        """
        images = source.part(request.part).images[: min(request.samples, BOUND_IMAGES)]
        if not len(images):
            raise InputError(f"{source.name} has no {request.part} images: nothing can be measured")
        clean = targets(np.asarray(images), recipe)
        bounds = lower_bounds(model, clean, BOUND_SAMPLES, request.seed)
        mean, log_variance = model.posterior(clean)
        weighted = float(bounds.importance_weighted.mean())
        figures = {
            "evidence_lower_bound": Figure(float(bounds.evidence_lower_bound.mean()), "higher"),
            "importance_weighted_bound": Figure(weighted, "higher"),
            "bits_per_dimension": Figure(bits_per_dimension(weighted, model), "lower"),
            "kl_divergence": Figure(float(np.sum(gaussian_kl(mean, log_variance), axis=1).mean()), "neither"),
            "active_units": Figure(float(active_units(mean)), "neither"),
        }
        protocol = {
            "bound": f"{BOUND_SAMPLES} samples on the first {len(clean)} {request.part} images, uncorrupted",
            "likelihood": likelihood_in_words(model, recipe),
        }
        return Measurement(figures, protocol)


def targets(images: np.ndarray, recipe: AutoencoderRecipe) -> np.ndarray:
    """Images as the recipe learns them, float32 in [0, 1]: black and white ones are one fixed draw."""
    brightness = as_brightness(images)
    return binarised(brightness, STATIC_SEED) if recipe.binarise else brightness


def form(recipe: AutoencoderRecipe) -> str:
    """What `targets` makes of images, in words."""
    return "binarised once" if recipe.binarise else "grey values"


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


def _compare(
    model: Autoencoder,
    network: FeatureNetwork,
    linear: PCA,
    images: np.ndarray,
    recipe: AutoencoderRecipe,
    seed: int,
) -> tuple[dict[tuple[str, str], float], np.ndarray]:
    """Means of all measures of what model, PCA and nothing make of the same inputs; features of the model's outputs."""
    features: list[np.ndarray] = []
    quality: dict[tuple[str, str], list[np.ndarray]] = {}
    for index, chunk in enumerate(_chunks(images)):
        clean = targets(chunk, recipe)
        inputs = np.asarray(model.corrupted(clean, chunk_seed(seed, index)))
        outputs = {"model": model.transform(inputs), "pca": _projected(linear, inputs)}
        if recipe.corruption.is_on:
            outputs["corrupted"] = inputs
        features.append(network.extract(to_bytes(outputs["model"])).features)
        for method, output in outputs.items():
            for name, measure in MEASURES.items():
                quality.setdefault((method, name), []).append(measure(output, clean))
    means = {key: float(np.mean(np.concatenate(parts))) for key, parts in quality.items()}
    return means, np.concatenate(features)


def _projected(linear: PCA, images: np.ndarray) -> np.ndarray:
    return np.clip(linear.project(images.reshape(len(images), -1)), 0, 1).reshape(images.shape).astype(np.float32)


def _distance_figures(
    network: FeatureNetwork, features: np.ndarray, source: ImageSource, part: PartName
) -> dict[str, Figure]:
    kernel = kernel_distance(features, reference_features(network, source, part).features)
    distance = frechet_distance(gaussian_statistics(features), reference_statistics(network, source, part))
    return {
        "reconstruction_frechet_distance": Figure(distance, "lower"),
        "reconstruction_kernel_distance": Figure(kernel.distance, "lower"),
        "reconstruction_kernel_distance_error": Figure(kernel.standard_error, "neither"),
    }


def _inputs_in_words(recipe: AutoencoderRecipe, seed: int) -> str:
    suffered = f"corrupted as in training, seed {seed}" if recipe.corruption.is_on else "uncorrupted"
    return f"{form(recipe)}, {suffered}"


def _chunks(images: Any) -> Iterator[np.ndarray]:
    """Parts of images small enough to be worked on at once."""
    size = max(1, min(_CHUNK_IMAGES, _CHUNK_NUMBERS // math.prod(images.shape[1:])))
    for start in range(0, len(images), size):
        yield np.asarray(images[start : start + size])
