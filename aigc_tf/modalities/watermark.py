"""Image watermarks that survive re-encoding: a key's pattern in middle frequencies, repeated in tiles.

Spread spectrum (Cox et al. 1997): signs derived from a key are the middle coefficients of the discrete cosine transform
of a tile of 32x32 pixels, which is added to the image repeatedly. A crop has the pattern as well, because it repeats:
the tiles of an image are summed, and the pattern is searched for at all offsets and some sizes.
"""

from __future__ import annotations

import hashlib
import math
from functools import cache

import numpy as np
from PIL import Image
from scipy import fft
from scipy.ndimage import gaussian_filter

SIDE = 32
_SURROUNDINGS = 1.5  # pixels
LOWEST, HIGHEST = 3, 13  # sums of the two indices of the coefficients that carry the pattern
STRENGTH = 4.0
"""Standard deviation of the added pattern, in levels of 255: 36.1 dB."""
SIZES = (1, 1 / 2, 2 / 3, 3 / 4, 4 / 5, 5 / 4, 4 / 3, 3 / 2, 2)
"""Enlargements to search for: what image programs offer. A few percent off, the pattern is not found."""
FOUND = 5.5
"""Score at which the pattern counts as present; see `score`."""


@cache
def pattern(key: str) -> np.ndarray:
    """The tile of a key, float64 `[32, 32]`, with mean 0 and standard deviation 1."""
    seed = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8, person=b"picture mark").digest())
    places = np.add.outer(np.arange(SIDE), np.arange(SIDE))
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (SIDE, SIDE))
    tile: np.ndarray = fft.idctn(signs * ((places >= LOWEST) & (places <= HIGHEST)), norm="ortho")
    return tile / tile.std()


def embed(pictures: np.ndarray, key: str, strength: float = STRENGTH) -> np.ndarray:
    """Add the pattern of a key to images; the dtype stays.

    Args:
        pictures: uint8, or float in [0, 1], `[..., height, width, channels]`.
        key: any text.
        strength: standard deviation of the added pattern, in levels of 255.
    """
    height, width = pictures.shape[-3:-1]
    tiles = np.tile(pattern(key), (math.ceil(height / SIDE), math.ceil(width / SIDE)))[:height, :width, None]
    if pictures.dtype == np.uint8:
        return np.clip(np.rint(pictures + strength * tiles), 0, 255).astype(np.uint8)
    return np.clip(pictures + strength / 255 * tiles, 0, 1).astype(pictures.dtype)


def score(picture: np.ndarray, key: str) -> float:
    """How clearly an image contains the pattern of a key, in standard deviations over the offsets.

    The maximum over all offsets and sizes: images without the pattern reach about 4.5.

    Args:
        picture: uint8 `[height, width, channels]`.
        key: the pattern's key.
    """
    grey = picture.astype(np.float64).mean(axis=-1)
    height, width = grey.shape
    sizes = {(max(8, round(height / size)), max(8, round(width / size))) for size in SIZES}
    return max(_at_best_offset(_resized(grey, *size), pattern(key)) for size in sizes)


def _resized(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    picture = Image.fromarray(grey.astype(np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC), np.float64)


def _at_best_offset(grey: np.ndarray, tile: np.ndarray) -> float:
    """The largest correlation with a tile over all offsets, divided by the standard deviation over offsets."""
    spectrum = np.fft.rfft2(_folded(grey))
    correlations = np.fft.irfft2(spectrum * np.conj(np.fft.rfft2(tile)), s=(SIDE, SIDE))
    return float(correlations.max() / max(float(correlations.std()), 1e-12))


def _folded(grey: np.ndarray) -> np.ndarray:
    """The sum over the tiles of an image of its high-pass filtered pixels, `[32, 32]`.

    Each pixel is weighted by the inverse local variance, so that edges and plain areas contribute equally.
    """
    residual = grey - gaussian_filter(grey, _SURROUNDINGS)
    weighted = residual / (gaussian_filter(residual**2, _SURROUNDINGS) + STRENGTH**2)
    rows, columns = (math.ceil(size / SIDE) for size in grey.shape)
    padded = np.zeros((rows * SIDE, columns * SIDE))
    padded[: grey.shape[0], : grey.shape[1]] = weighted
    found: np.ndarray = padded.reshape(rows, SIDE, columns, SIDE).sum(axis=(0, 2))
    return found
