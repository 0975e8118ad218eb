"""Denoising of test images by the recipes, against a median filter and non-local means."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import median_filter
from skimage.restoration import denoise_nl_means
from tqdm import tqdm

from aigc_tf.data.images.opening import ImageSource, open_source
from aigc_tf.errors import say
from aigc_tf.metrics.images.image_quality import psnr, ssim
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.nn.corruption import corrupt
from aigc_tf.recipes.autoencoders import AutoencoderRecipe, CorruptionSettings
from aigc_tf.recipes.denoising_autoencoder import DenoisingAutoencoder
from aigc_tf.recipes.denoising_vae import DenoisingVAE
from tools.benchmarks.readings import Results, watch_recipe

NOISES = {
    "Gaussian 25/255": CorruptionSettings(gaussian=25 / 255),
    "Gaussian 50/255": CorruptionSettings(gaussian=50 / 255),
    "salt and pepper 30 %": CorruptionSettings(salt_and_pepper=0.3),
}
BASELINES = ("median filter", "non-local means")
TEST_SEED, TUNING_SEED = 0, 1  # of the noise
TUNING_IMAGES = 500  # training images for tuning the baselines by PSNR
MEDIAN_PIXELS = (3, 5)
PATCH_PIXELS, PATCH_DISTANCES, STRENGTHS = (3, 5, 7), (5, 9), (0.4, 0.6, 0.8, 1.0, 1.2)

Denoise = Callable[[np.ndarray], np.ndarray]
"""Noisy images `[count, height, width, channels]` in [0, 1] -> denoised images."""
Prepare = Callable[[ImageSource, CorruptionSettings], tuple[Denoise, dict[str, float]]]
"""Training images and a noise -> a denoiser and its settings."""


def denoising(source: str, seconds: float, images: int, vae: bool, results: Path) -> dict[str, Any]:
    """PSNR in dB and SSIM on test images for each noise and method; skips what `results` already has.

    All methods get the same noisy test images; non-local means also gets the noise's standard deviation.

    Args:
        source: data source, as for training.
        seconds: training time per network and noise.
        images: number of test images, from the first.
        vae: also measure the denoising VAE.
        results: JSON Lines file of finished results.

    Returns:
        For each noise the means over images of each method, and the margin of each network over the better baseline.
    """
    done = Results(results)
    networks: list[type[AutoencoderRecipe]] = [DenoisingAutoencoder, DenoisingVAE] if vae else [DenoisingAutoencoder]
    methods: dict[str, Prepare] = {
        "noisy input": lambda source, noise: (lambda noisy: noisy, {}),
        "median filter": prepare_median,
        "non-local means": prepare_non_local_means,
    }
    methods |= {network.__name__: trained(network, source, seconds) for network in networks}
    opened = open_source(DenoisingAutoencoder(source=source))
    report = {}
    for noise in NOISES:
        rows = {}
        for method, prepare in methods.items():
            key = {"noise": noise, "method": method, "source": source, "images": images}
            if method not in (*BASELINES, "noisy input"):
                key["seconds"] = seconds
            if not done.find(**key):
                say(f"\n{noise}, {method}")
                done.add(**key, **measured(prepare, opened, noise, images))
            rows[method] = {name: done.find(**key)[0][name] for name in ("psnr_db", "ssim", "settings")}
        report[noise] = {"methods": rows, "above_better_baseline": margins(rows, [n.__name__ for n in networks])}
    return {"source": source, "seconds": seconds, "images": images, "noises": report}


def measured(prepare: Prepare, source: ImageSource, noise: str, images: int) -> dict[str, Any]:
    """Figures of one method for one noise."""
    denoise, settings = prepare(source, NOISES[noise])
    clean = as_brightness(source.test.images[:images])
    result = denoise(np.asarray(corrupt(clean, NOISES[noise], TEST_SEED)))
    return {
        "psnr_db": float(psnr(result, clean).mean()),
        "ssim": float(ssim(result, clean).mean()),
        "settings": settings,
    }


def margins(rows: dict[str, dict[str, Any]], networks: list[str]) -> dict[str, dict[str, float]]:
    """Margins of the networks over the better baseline, by figure."""
    return {
        network: {
            figure: rows[network][figure] - max(rows[baseline][figure] for baseline in BASELINES)
            for figure in ("psnr_db", "ssim")
        }
        for network in networks
    }


def trained(network: type[AutoencoderRecipe], source: str, seconds: float) -> Prepare:
    """A method that trains a recipe on the noise."""

    def prepare(opened: ImageSource, noise: CorruptionSettings) -> tuple[Denoise, dict[str, float]]:
        del opened
        ends: list[tuple[Any, int]] = []
        recipe = network(source=source, corruption=noise)
        watch_recipe(recipe, [seconds], lambda model: lambda mark, steps: ends.append((model, steps)))
        model, steps = ends[0]
        return model.reconstruct, {"steps": steps}

    return prepare


def prepare_median(source: ImageSource, noise: CorruptionSettings) -> tuple[Denoise, dict[str, float]]:
    """A median filter with its size tuned."""

    def filter_of(pixels: float) -> Denoise:
        return lambda noisy: median_filter(noisy, (1, pixels, pixels, 1))

    return best([{"pixels": pixels} for pixels in MEDIAN_PIXELS], filter_of, source, noise)


def prepare_non_local_means(source: ImageSource, noise: CorruptionSettings) -> tuple[Denoise, dict[str, float]]:
    """Non-local means (Buades et al. 2005), given the noise's deviation, with patch size and strength tuned."""
    clean, noisy = tuning_images(source, noise)
    deviation = float(np.std(noisy - clean))

    def filter_of(patch_pixels: int, patch_distance: int, strength: float) -> Denoise:
        def denoise_image(image: np.ndarray) -> np.ndarray:
            result = denoise_nl_means(
                image,
                patch_size=patch_pixels,
                patch_distance=patch_distance,
                h=strength * deviation,
                sigma=deviation,
                channel_axis=-1,
            )
            return result.reshape(image.shape)  # scikit-image drops a channel axis of 1

        return lambda noisy: np.stack([denoise_image(image) for image in tqdm(noisy, unit="image", leave=False)])

    combinations = itertools.product(PATCH_PIXELS, PATCH_DISTANCES, STRENGTHS)
    names = ("patch_pixels", "patch_distance", "strength")
    grid = [dict(zip(names, values, strict=True)) for values in combinations]
    return best(grid, filter_of, source, noise)


def best(
    grid: list[dict[str, float]], filter_of: Callable[..., Denoise], source: ImageSource, noise: CorruptionSettings
) -> tuple[Denoise, dict[str, float]]:
    """The filter with the highest PSNR on noisy training images, and its settings."""
    clean, noisy = tuning_images(source, noise)
    chosen = max(grid, key=lambda settings: psnr(filter_of(**settings)(noisy), clean).mean())
    return filter_of(**chosen), chosen


def tuning_images(source: ImageSource, noise: CorruptionSettings) -> tuple[np.ndarray, np.ndarray]:
    """Training images, clean and noisy, sampled from the whole set: sources may be sorted."""
    count = len(source.train.images)
    chosen = np.random.default_rng(0).choice(count, min(TUNING_IMAGES, count), replace=False)
    clean = as_brightness(source.train.images[np.sort(chosen)])
    return clean, np.asarray(corrupt(clean, noise, TUNING_SEED))
