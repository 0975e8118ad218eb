"""Statistics of photographs: sizes, copies, near-duplicates, images without colours."""

from __future__ import annotations

import numpy as np
from PIL import Image

from aigc_tf.data.images.overview import near_pairs
from aigc_tf.data.overview import Overview, Shown, histogram, spread_in_words
from aigc_tf.data.photos.opening import is_grey
from aigc_tf.data.photos.photos import Photos, content_key
from aigc_tf.data.photos.source import PhotoSource
from aigc_tf.data.source import evenly

EXAMPLES, CROPS, PAIRS = 12, 24, 4  # numbers of examples to show
THUMBNAIL = 256  # maximum height and width in pixels
_COMPARED, _COMPARED_SIDE = 2000, 64  # number of photographs to compare pairwise, evenly spread, and their size


def overview(source: PhotoSource) -> Overview:
    """Describe the training part of a source of photographs; for pairs, the first images."""
    photos, side = source.train, source.settings.crop
    heights, widths = photos.sizes.T
    rows = evenly(len(photos), _COMPARED)
    some = [_first(source, photos[row]) for row in rows]
    sample = "" if len(rows) == len(photos) else f" (of {len(rows):,} that were compared)"
    pairs = near_pairs(np.stack([_squeezed(photo) for photo in some]))
    facts = {
        "widths": spread_in_words(widths, "pixels"),
        "heights": spread_in_words(heights, "pixels"),
        "area": f"{(heights * widths).sum() / 1e6:,.1f} megapixels in all",
        "crops": f"{source.count:,} of {side} x {side} pixels cover all; an epoch has as many",
        "brightness": f"{np.mean([photo.mean() for photo in some]) / 255:.2f} of 1",
        "copies": f"{copies(photos):,} photographs are equal to an earlier one",
        "near-duplicates": f"{len(pairs):,} photographs look like an earlier one{sample}",
        "one colour": f"{sum(photo.min() == photo.max() for photo in some):,} photographs are blank{sample}",
    }
    if source.settings.channels == 3:
        facts["grey"] = f"{sum(map(is_grey, some)):,} photographs have no colours{sample}"
    examples = {
        "examples": Shown([thumbnail(some[row]) for row in evenly(len(some), EXAMPLES)]),
        "crops": _crops(source),
    }
    if len(pairs):
        examples["near-duplicates, side by side"] = Shown(
            [thumbnail(some[row]) for row in pairs[:PAIRS].ravel()], columns=2
        )
    return Overview(facts, {"shorter sides, pixels": histogram(np.minimum(heights, widths))}, examples)


def copies(photos: Photos) -> int:
    """Number of photographs with the same size and pixels as an earlier one."""
    return len(photos) - len(set(map(content_key, photos)))


def thumbnail(photo: np.ndarray) -> np.ndarray:
    """A photograph uint8 `[height, width, channels]` with at most 256 pixels in height and width."""
    factor = max(1.0, max(photo.shape[:2]) / THUMBNAIL)
    return _resized(photo, max(1, round(photo.shape[0] / factor)), max(1, round(photo.shape[1] / factor)))


def _crops(source: PhotoSource) -> Shown:
    """Training crops; for pairs both, side by side."""
    parts = source.named(source.crops_of("train", CROPS))
    if "target" not in parts:
        return Shown(parts["image"])
    both = np.stack([parts["image"][: CROPS // 2], parts["target"][: CROPS // 2]], axis=1)
    return Shown(both.reshape(-1, *both.shape[2:]), columns=6)


def _first(source: PhotoSource, photo: np.ndarray) -> np.ndarray:
    found: np.ndarray = source.named(photo)["image"]
    return found


def _squeezed(photo: np.ndarray) -> np.ndarray:
    return _resized(photo, _COMPARED_SIDE, _COMPARED_SIDE)


def _resized(photo: np.ndarray, height: int, width: int) -> np.ndarray:
    image = Image.fromarray(photo[..., 0] if photo.shape[-1] == 1 else photo)
    resized = np.asarray(image.resize((width, height), Image.Resampling.BOX))
    return resized[..., np.newaxis] if resized.ndim == 2 else resized
