"""Evaluation of autoencoders: reconstruction quality and likelihood."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aigc_tf.data.images.source import chunks_of
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
from aigc_tf.metrics.kernel import MIN_FEATURES, KernelDistance, kernel_distance
from aigc_tf.metrics.likelihood import STATIC_SEED, binarised, bits_per_dimension, lower_bounds
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.nn.variational import active_units, gaussian_kl
from aigc_tf.recipes.autoencoders import AutoencoderRecipe

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource
    from aigc_tf.metrics.pca import PCA

BOUND_IMAGES, BOUND_SAMPLES = 1000, 100
MEASURES = {"psnr_db": psnr, "ssim": ssim}
MODEL, CORRUPTED = "model", "corrupted input"


class Reconstruction(Evaluator):
    """Similarity of reconstructions to the images of the part.

    Figures:

    - psnr_db and ssim: of reconstructions to the images, means over images, higher is better; compared with PCA with as
      many components as the model has latent dimensions, on the same inputs. For denoisers corrupted_psnr_db and
      corrupted_ssim are those of their inputs;
    - reconstruction_frechet_distance, reconstruction_kernel_distance and its _error: distances of reconstructions to
      the images, in the feature space of `aigc_tf.metrics.images.samples.Samples`, lower is better; compared with PCA,
      and with the inputs of denoisers.
    """

    def measure(
        self, model: Autoencoder, source: ImageSource, recipe: AutoencoderRecipe, request: Request
    ) -> Measurement:
        """Reconstruct at most `request.samples` evenly spaced images; see `Evaluator.measure`.

        A denoiser's inputs are corrupted as in the recipe, with the seed `request.seed`.

        Raises:
            InputError: fewer than 4 images, or the feature network is not available.
        """
        images = source.part(request.part).some(request.samples).images
        if len(images) < MIN_FEATURES:
            raise InputError(
                f"{len(images)} {request.part} images of {source.name}: at least {MIN_FEATURES} are needed"
            )
        network = of_request(source, recipe.images, request)
        linear = pixel_components(source, model.latent_dim, lambda chunks: targets(chunks, recipe), form(recipe))
        found = _compare(model, network, linear, images, recipe, request.seed)
        own = found.pop(MODEL)
        figures = {
            measure: Figure(
                own.quality[measure], "higher", {name: beside.quality[measure] for name, beside in found.items()}
            )
            for measure in MEASURES
        }
        if CORRUPTED in found:
            for measure, value in found[CORRUPTED].quality.items():
                figures[f"corrupted_{measure}"] = Figure(value, "neither")
        figures |= _distance_figures(network, own, found, source, request.part)
        protocol = {
            f"reconstructed_{request.part}_images": len(images),
            "inputs": _inputs_in_words(recipe, request.seed),
            "pca": f"{len(linear.components)} components of {linear.examples} training images, given the same inputs",
        }
        return Measurement(figures, protocol)


class Likelihood(Evaluator):
    """Lower bounds on the log-likelihood of images of the part under a variational autoencoder, in nats per image.

    Figures, the bounds compared with the log-likelihood of a baseline without a network, see `baseline_nats`:

    - evidence_lower_bound (Kingma & Welling 2014, eq. 2) and importance_weighted_bound (Burda et al. 2016, eq. 8),
      higher is better; kl_divergence, a term of the former;
    - bits_per_dimension: from the latter bound, lower is better;
    - active_units: latent dimensions whose mean varies over images by more than 0.01 (Burda et al. 2016, §5.2).
    """

    def measure(self, model: VAE, source: ImageSource, recipe: AutoencoderRecipe, request: Request) -> Measurement:
        """Bounds for at most 1,000 evenly spaced, uncorrupted images; see `Evaluator.measure`.

        Raises:
            InputError: the part has no images.
        """
        images = source.part(request.part).some(min(request.samples, BOUND_IMAGES)).images
        if not len(images):
            raise InputError(f"{source.name} has no {request.part} images: nothing can be measured")
        (clean,) = targets([np.asarray(images)], recipe)
        bounds = lower_bounds(model, clean, BOUND_SAMPLES, request.seed)
        mean, log_variance = model.posterior(clean)
        weighted = float(bounds.importance_weighted.mean())
        linear = pixel_components(source, model.latent_dim, lambda chunks: targets(chunks, recipe), form(recipe))
        name, nats = baseline_nats(linear, model, recipe, clean)
        figures = {
            "evidence_lower_bound": Figure(float(bounds.evidence_lower_bound.mean()), "higher", {name: nats}),
            "importance_weighted_bound": Figure(weighted, "higher", {name: nats}),
            "bits_per_dimension": Figure(
                bits_per_dimension(weighted, model), "lower", {name: bits_per_dimension(nats, model)}
            ),
            "kl_divergence": Figure(float(np.sum(gaussian_kl(mean, log_variance), axis=1).mean()), "neither"),
            "active_units": Figure(float(active_units(mean)), "neither"),
        }
        protocol = {
            "bound": f"{BOUND_SAMPLES} samples on {len(clean)} {request.part} images, evenly spread, uncorrupted",
            "likelihood": likelihood_in_words(model, recipe),
            "likelihood baseline": f"{name}, fitted to {linear.examples} training images",
        }
        return Measurement(figures, protocol)


def targets(chunks: Iterable[np.ndarray], recipe: AutoencoderRecipe) -> Iterator[np.ndarray]:
    """Chunks of images as the recipe learns them, float32 in [0, 1]; binarised ones with a fixed random draw."""
    random = np.random.default_rng(STATIC_SEED)
    for images in chunks:
        brightness = as_brightness(images)
        yield binarised(brightness, random) if recipe.binarise else brightness


def baseline_nats(linear: PCA, model: VAE, recipe: AutoencoderRecipe, images: np.ndarray) -> tuple[str, float]:
    """Name of the baseline without a network, and its mean log-likelihood of the same images, in nats per image.

    For a Bernoulli likelihood, pixels are independent, each lit with its mean over training images. Otherwise it is the
    Gaussian of probabilistic PCA with as many components as the model has latent dimensions; if the model gives
    probabilities of grey levels, its density is multiplied by their spacing, 1/255.

    Args:
        linear: of the training images, as the recipe learns them.
        model: of the recipe.
        recipe: its likelihood decides.
        images: float32 `[count, height, width, channels]` in [0, 1].
    """
    rows = images.reshape(len(images), -1)
    if recipe.likelihood.kind == "bernoulli":
        lit = (linear.mean * linear.examples + 1) / (linear.examples + 2)  # never 0 or 1
        return "independent pixels", float((rows @ np.log(lit) + (1 - rows) @ np.log1p(-lit)).mean())
    nats = float(linear.log_density(rows).mean())
    name = f"Gaussian of {len(linear.components)} principal components and noise"
    return name, nats if model.likelihood.is_density else nats - rows.shape[1] * math.log(255)


def form(recipe: AutoencoderRecipe) -> str:
    """A description of the form of images that `targets` gives."""
    return "binarised once" if recipe.binarise else "grey values"


def likelihood_in_words(model: VAE, recipe: AutoencoderRecipe) -> str:
    """A description of the likelihood that is bounded, for protocols."""
    kind = recipe.likelihood.kind.replace("_", " ")
    if recipe.binarise:
        return f"{kind}, static binarisation (one Bernoulli draw of each pixel, seed {STATIC_SEED})"
    if model.likelihood.is_density:
        return f"{kind} density of brightness in [0, 1]; bits per dimension add log2(255) for grey levels 1/255 apart"
    if recipe.likelihood.kind == "bernoulli":
        return f"{kind} on grey values: the customary cross-entropy, no normalised probability"
    return f"{kind}, probability of 256 grey levels"


class _Outputs(NamedTuple):
    """The measured outputs of a method."""

    quality: dict[str, float]
    """Means of `MEASURES` over images."""
    features: np.ndarray
    """float32 `[count, d]`."""


def _compare(
    model: Autoencoder,
    network: FeatureNetwork,
    linear: PCA,
    images: np.ndarray,
    recipe: AutoencoderRecipe,
    seed: int,
) -> dict[str, _Outputs]:
    """The outputs of the model, PCA and, for denoisers, the identity on the same inputs, by name."""
    features: dict[str, list[np.ndarray]] = defaultdict(list)
    quality: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
    for index, clean in enumerate(targets((images[rows] for rows in chunks_of(images)), recipe)):
        inputs = np.asarray(model.corrupted(clean, chunk_seed(seed, index)))
        outputs = {MODEL: model.transform(inputs)}
        outputs[f"PCA of {len(linear.components)} components"] = _projected(linear, inputs)
        if recipe.corruption.is_on:
            outputs[CORRUPTED] = inputs
        for method, output in outputs.items():
            features[method].append(network.extract(to_bytes(output)).features)
            for name, measure in MEASURES.items():
                quality[method][name].append(measure(output, clean))
    return {
        method: _Outputs(
            {name: float(np.mean(np.concatenate(values))) for name, values in quality[method].items()},
            np.concatenate(features[method]),
        )
        for method in features
    }


def _projected(linear: PCA, images: np.ndarray) -> np.ndarray:
    return np.clip(linear.project(images.reshape(len(images), -1)), 0, 1).reshape(images.shape).astype(np.float32)


def _distance_figures(
    network: FeatureNetwork, own: _Outputs, beside: dict[str, _Outputs], source: ImageSource, part: PartName
) -> dict[str, Figure]:
    real, statistics = reference_features(network, source, part), reference_statistics(network, source, part)

    def frechet(outputs: _Outputs) -> float:
        return frechet_distance(gaussian_statistics(outputs.features), statistics)

    def kernel(outputs: _Outputs) -> KernelDistance:
        return kernel_distance(outputs.features, real.features)

    by_frechet = {name: frechet(outputs) for name, outputs in beside.items()}
    by_kernel = {name: kernel(outputs).distance for name, outputs in beside.items()}
    found = kernel(own)
    return {
        "reconstruction_frechet_distance": Figure(frechet(own), "lower", by_frechet),
        "reconstruction_kernel_distance": Figure(found.distance, "lower", by_kernel),
        "reconstruction_kernel_distance_error": Figure(found.standard_error, "neither"),
    }


def _inputs_in_words(recipe: AutoencoderRecipe, seed: int) -> str:
    suffered = f"corrupted as in training, seed {seed}" if recipe.corruption.is_on else "uncorrupted"
    return f"{form(recipe)}, {suffered}"
