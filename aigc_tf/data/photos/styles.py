"""Sources of photographs with many style images."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.images.opening import open_named
from aigc_tf.data.images.prepare import prepare_arrays
from aigc_tf.data.images.source import pieces_of, to_unit
from aigc_tf.data.order import Rows
from aigc_tf.data.photos.opening import open_source
from aigc_tf.data.photos.photos import Photos
from aigc_tf.data.photos.source import PhotoSource
from aigc_tf.data.source import Batch, PartName, evenly
from aigc_tf.errors import InputError
from aigc_tf.nn.augmentation import numbers_at
from aigc_tf.recipes.adain import AdaIN
from aigc_tf.recipes.images import ImageSettings

MAX_OWN = 2000  # maximum number of photographs used as style images


@dataclass(frozen=True, eq=False, kw_only=True)
class StylesSource(PhotoSource):
    """Photographs, and style images sampled independently.

    Style images are stored at twice the network's input size: training uses whole ones, and quarters of them.
    """

    styles: np.ndarray
    """uint8 `[count, 2 * side, 2 * side, channels]`, for training."""
    unseen: np.ndarray
    """The same, for evaluation."""

    @cached_property
    def fingerprint(self) -> str:
        """See `Source.fingerprint`: over photographs and style images."""
        digest = hashlib.sha256(super().fingerprint.encode())
        for pictures in (self.styles, self.unseen):
            digest.update(f"{pictures.shape};".encode())
            for piece in pieces_of(pictures):
                digest.update(np.ascontiguousarray(piece).data)
        return digest.hexdigest()

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return super().describe() | {"style pictures": len(self.styles), "held-out style pictures": len(self.unseen)}

    def read(self, rows: Rows, seed: int) -> Batch:
        """`image`, and `style`, float32 `[batch, side, side, channels]` in [-1, 1]; see `PhotoSource.read`."""
        size = rows.examples.shape[0]
        numbers = numbers_at(rows.position, size, seed + 1)
        drawn = tf.numpy_function(lambda numbers: to_unit(self._drawn(numbers)), [numbers], tf.float32, stateful=False)
        side = self.styles.shape[1] // 2
        return super().read(rows, seed) | {"style": tf.ensure_shape(drawn, (size, side, side, self.settings.channels))}

    def _drawn(self, numbers: np.ndarray) -> np.ndarray:
        """Random style images, half of them whole and half a quarter: uint8 `[count, side, side, any]`."""
        chosen = self.styles[(numbers[:, 0].astype(np.float64) * len(self.styles)).astype(np.int64)]
        side = chosen.shape[1] // 2
        found = np.empty((len(chosen), side, side, chosen.shape[-1]), np.uint8)
        for row, (picture, (share, down, across)) in enumerate(zip(chosen, numbers[:, 1:4], strict=True)):
            top, left = (int(number * (side + 1)) for number in (down, across))
            found[row] = halved(picture) if share < 0.5 else picture[top : top + side, left : left + side]
        return found

    def style_squares(self, part: PartName, count: int) -> np.ndarray:
        """`count` style images, last one first; unseen ones for `test`; repeated if there are fewer.

        Returns:
            float32 `[count, side, side, channels]` in [0, 1].

        Raises:
            InputError: there are none.
        """
        pictures = self.unseen if part == "test" else self.styles
        if not len(pictures):
            raise InputError(f"{self.name} has no {part} style pictures: give more in --styles FOLDER")
        rows = len(pictures) - 1 - np.arange(count) % len(pictures)
        return np.stack([halved(pictures[row]) for row in rows]).astype(np.float32) / 255

    def held_out(self, part: PartName, count: int) -> Any:
        """See `PhotoSource.held_out`: crops with training style images."""
        for batch in super().held_out(part, count):
            squares = self.style_squares("train", len(batch["image"]))
            yield batch | {"style": 2 * squares - 1}


def open_styles(recipe: AdaIN, data: Any = None) -> StylesSource:
    """Open the photographs of a recipe, and style images; see `open_source`.

    Args:
        recipe: its `styles` is a folder of images, an .npz file, a TFDS data set, or `fashion_mnist_10k`; a tenth is
            held out. None uses the photographs themselves, with test photographs for evaluation.
        data: photographs that replace the source.

    Raises:
        InputError: the photographs or the style images are missing or invalid.
    """
    side = 2 * recipe.style_side
    settings = ImageSettings(height=side, width=side, channels=recipe.photos.channels)
    source = open_source(recipe, data)
    if recipe.styles is None:
        styles, unseen = own_styles(source.train, settings), own_styles(source.test, settings)
        notes = [f"style pictures: the photographs themselves, {len(styles):,} to learn and {len(unseen):,} to measure"]
    else:
        opened = open_named(recipe.styles, settings)
        styles, unseen = opened.train.images, opened.test.images
        notes = [f"style pictures of {opened.name}: {opened.sizes_in_words('pictures', lambda part: len(part.images))}"]
        notes += opened.notes
    fields = {field.name: getattr(source, field.name) for field in dataclasses.fields(source)}
    return StylesSource(**fields | {"styles": styles, "unseen": unseen, "notes": (*source.notes, *notes)})


def own_styles(photos: Photos, settings: ImageSettings) -> np.ndarray:
    """Photographs as style images, at most `MAX_OWN`: uint8 `[count, height, width, channels]`."""
    rows = evenly(len(photos), MAX_OWN)
    found = [prepare_arrays(photos[row][np.newaxis], settings)[0] for row in rows]
    return np.stack(found) if found else np.zeros((0, *settings.shape), np.uint8)


def halved(picture: np.ndarray) -> np.ndarray:
    """Downsample by two with 2x2 averages, rounded: uint8 `[height / 2, width / 2, channels]`."""
    height, width, channels = picture.shape
    return np.round(picture.reshape(height // 2, 2, width // 2, 2, channels).mean(axis=(1, 3))).astype(np.uint8)
