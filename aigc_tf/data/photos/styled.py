"""Sources of photographs with one style image."""

from __future__ import annotations

import base64
import dataclasses
import json
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw

from aigc_tf.data.assets import Asset
from aigc_tf.data.images.decode import decode_files
from aigc_tf.data.images.prepare import decode_image
from aigc_tf.data.photos.opening import open_source
from aigc_tf.data.photos.source import PhotoSource
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.style import Style
from aigc_tf.storage.files import expanded

STROKES = "strokes"
_PALETTE = np.array(
    [[24, 44, 110], [40, 90, 160], [90, 150, 190], [230, 200, 90], [240, 230, 160], [20, 30, 60], [60, 120, 120]]
)
_SEED = 0


@dataclass(frozen=True, eq=False)
class StylePicture(Asset):
    """The style image to learn, kept with the run."""

    pixels: np.ndarray
    """uint8 `[side, side, 1 or 3]`."""

    def to_json(self) -> str:
        """Serialise as a PNG file in base64."""
        return json.dumps({"png": base64.b64encode(tf.io.encode_png(self.pixels).numpy()).decode()})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """See `Asset.from_json`."""
        try:
            return cls(tf.io.decode_png(base64.b64decode(json.loads(text)["png"])).numpy())
        except (ValueError, KeyError, TypeError, tf.errors.InvalidArgumentError) as error:
            raise InputError(f"the style picture of the run is damaged: {error}") from error

    def reason_to_refuse(self, recorded: Any) -> str:
        """Refuse another image, which would be another style."""
        same = np.array_equal(self.pixels, recorded.pixels)
        return "" if same else "the style picture is not the one that the run has learnt: begin a new run"


def open_styled(recipe: Style, data: Any = None) -> PhotoSource:
    """Open the photographs of a recipe, with its style image as the asset `style`; see `open_source`.

    Raises:
        InputError: the photographs or the style image cannot be used.
    """
    picture = StylePicture(style_pixels(recipe))  # before the photographs, which may take long
    source = open_source(recipe, data)
    return dataclasses.replace(source, promises={**source.promises, "style": picture})


def style_pixels(recipe: Style) -> np.ndarray:
    """The style image in its size, centre-cropped: uint8 `[side, side, channels]`.

    Raises:
        InputError: it cannot be read.
    """
    side, channels = recipe.style_side, recipe.photos.channels
    if recipe.style == STROKES:
        return strokes(side, channels)
    settings = ImageSettings(height=side, width=side, channels=channels)
    (found,) = decode_files([expanded(recipe.style)], partial(decode_image, settings=settings))
    if isinstance(found, UnreadableError):
        raise InputError(f"style {recipe.style} is not a picture that can be read: {found}")
    return found


def strokes(side: int, channels: int) -> np.ndarray:
    """Synthetic brush strokes along a swirling field, in night blue and yellow: uint8 `[side, side, channels]`.

    At 256 pixels strokes have 7 to 17 pixels; smaller images have fewer strokes, not smaller ones.
    """
    generator = np.random.default_rng(_SEED)
    canvas = Image.new("RGB", (2 * side, 2 * side), tuple(_PALETTE[0]))  # twice as large, for antialiasing
    draw = ImageDraw.Draw(canvas)
    for _ in range(round(2500 * (side / 256) ** 2)):
        x, y = generator.uniform(0, 2 * side, 2)
        angle = np.sin(x / 90) + 1.3 * np.cos(y / 70)
        place = (np.sin(x / 120 + 1) + np.cos(y / 100) + 2) / 4 * len(_PALETTE) + generator.normal(scale=0.8)
        colour = np.clip(_PALETTE[int(place) % len(_PALETTE)] + generator.normal(scale=8, size=3), 0, 255)
        length, width = generator.uniform(14, 34), int(generator.integers(4, 9))
        end = (x + length * np.cos(angle), y + length * np.sin(angle))
        draw.line([(x, y), end], fill=tuple(int(value) for value in colour), width=width)
    small = canvas.resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(small if channels == 3 else small.convert("L")).reshape(side, side, channels)
