"""Image similarity: peak signal-to-noise ratio (PSNR) and structural similarity (SSIM)."""

from __future__ import annotations

import numpy as np

# Wang et al. 2004, §III.B and §III.C.
WINDOW_PIXELS, WINDOW_DEVIATION_PIXELS = 11, 1.5
LUMINANCE_CONSTANT, CONTRAST_CONSTANT = 0.01**2, 0.03**2
EQUAL_DB = 120.0
"""The PSNR assigned to equal images: in float32 a mean squared error of 1e-12 is indistinguishable from 0."""


def psnr(images: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio of each image in dB: 10 log10(1 / mean squared error), 120 at most.

    Args:
        images: float `[count, height, width, channels]` in [0, 1].
        references: of the same shape and range.

    Returns:
        float64 `[count]`; higher is better.

    Raises:
        ValueError: the shapes differ.
    """
    first, second = _as_float64(images, references)
    return decibels(np.square(first - second).mean(axis=(1, 2, 3)))


def decibels(mean_squared_error: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratios of errors of values in [0, 1]: 10 log10(1 / error), 120 at most."""
    return -10 * np.log10(np.maximum(mean_squared_error, 10 ** (-EQUAL_DB / 10)))


def ssim(images: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Structural similarity of each image (Wang et al. 2004, eq. 13), averaged over positions and channels.

    The window is the paper's Gaussian of 11x11 pixels, and only positions where it fits count; for smaller images the
    window is as large as the image.

    Args:
        images: float `[count, height, width, channels]` in [0, 1].
        references: of the same shape and range.

    Returns:
        float64 `[count]`, 1 for equal images; higher is better.

    Raises:
        ValueError: the shapes differ.
    """
    return _similarity(*_as_float64(images, references)).mean(axis=(1, 2, 3))


def ssim_map(images: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Structural similarity at each pixel, averaged over channels; borders are padded by reflection.

    Args:
        images: as for `ssim`.
        references: the same.

    Returns:
        float64 `[count, height, width]`, 1 where the images are equal.

    Raises:
        ValueError: the shapes differ.
    """
    beyond = WINDOW_PIXELS // 2
    around = ((0, 0), (beyond, beyond), (beyond, beyond), (0, 0))
    first, second = (np.pad(values, around, mode="symmetric") for values in _as_float64(images, references))
    return _similarity(first, second).mean(axis=1)


def _similarity(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Wang et al. 2004, eq. 13, wherever the window fits: `[count, channels, rows, columns]`."""
    mean_first, mean_second = _local_mean(first), _local_mean(second)
    variance_first = _local_mean(first * first) - mean_first**2
    variance_second = _local_mean(second * second) - mean_second**2
    covariance = _local_mean(first * second) - mean_first * mean_second
    luminance = (2 * mean_first * mean_second + LUMINANCE_CONSTANT) / (
        mean_first**2 + mean_second**2 + LUMINANCE_CONSTANT
    )
    structure = (2 * covariance + CONTRAST_CONSTANT) / (variance_first + variance_second + CONTRAST_CONSTANT)
    return luminance * structure


def _as_float64(images: np.ndarray, references: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # In float32 the variances of flat regions would be rounding errors.
    if images.shape != references.shape or images.ndim != 4:
        raise ValueError(
            f"images have shape {images.shape}, references {references.shape}: expected the same, "
            "[count, height, width, channels]"
        )
    return images.astype(np.float64), references.astype(np.float64)


def _local_mean(images: np.ndarray) -> np.ndarray:
    """Means under the window wherever it fits: `[count, channels, rows, columns]`."""
    _, height, width, _ = images.shape
    return _window_matrix(height) @ images.transpose(0, 3, 1, 2) @ _window_matrix(width).T


def _window_matrix(size: int) -> np.ndarray:
    """The window along one axis as a matrix `[places, size]`: it is a product of two Gaussians."""
    window = min(WINDOW_PIXELS, size)
    offsets = np.arange(window) - (window - 1) / 2
    weights = np.exp(-0.5 * (offsets / WINDOW_DEVIATION_PIXELS) ** 2)
    weights /= weights.sum()
    return np.stack([np.pad(weights, (place, size - window - place)) for place in range(size - window + 1)])
