"""Photographs of any size, read and written with bit depth, transparency and colour profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from aigc_tf.data.images.decode import SUFFIXES
from aigc_tf.data.images.prepare import decode_image, prepare_arrays
from aigc_tf.data.photos.photograph import Photograph, png_of, read_photograph
from aigc_tf.data.photos.styled import strokes
from aigc_tf.errors import InputError
from aigc_tf.modalities.base import Modality, UserFile
from aigc_tf.modalities.drawing import grid, to_bytes, write_png
from aigc_tf.modalities.pictures import as_brightness, strange_pictures
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.storage.files import write_atomically

Rows = list[Any] | np.ndarray
"""Photographs or arrays `[height, width, channels]` of any sizes; one array if all have the same."""


class Photographs(Modality):
    """Photographs of any size: `Photograph` objects, or arrays, uint8 or float in [0, 1], `[height, width, channels]`.

    Args:
        channels: 1 for greyscale, 3 for RGB; files are converted.
    """

    name = "photographs"
    reads = SUFFIXES
    writes: ClassVar[tuple[str, ...]] = (".png", "")
    drawn = 4

    def __init__(self, channels: int) -> None:
        self.channels = channels

    def read(self, path: Path) -> Photograph:
        """Read an upright photograph with bit depth, transparency and colour profile."""
        return read_photograph(path.read_bytes(), self.channels)

    def read_all(self, files: Sequence[UserFile], at_once: int) -> Iterator[tuple[list[UserFile], Any]]:
        """Reads one file at a time: they may be large."""
        return super().read_all(files, 1)

    def stack(self, values: Sequence[Any]) -> Rows:
        """One array if all are arrays of the same shape, otherwise a list."""
        arrays = all(isinstance(value, np.ndarray) for value in values)
        if arrays and len({value.shape for value in values}) == 1:
            return np.stack(values)
        return list(values)

    def rows(self, given: Any) -> Rows:
        """One photograph, or several."""
        one = isinstance(given, Photograph) or (isinstance(given, np.ndarray) and given.ndim == 3)
        return [given] if one else given

    def write(self, path: Path, value: Any, made_by: Mapping[str, str]) -> None:
        """Write a PNG file with text entries, with 16 bits if the photograph has them."""
        data = png_of(as_photograph(value), made_by)
        write_atomically(path, lambda file: file.write(data))

    def write_all(self, path: Path, values: Any, made_by: Mapping[str, str], columns: int | None = None) -> None:
        """.png: one sheet; without an ending: a folder of PNG files."""
        if path.suffix == ".png":
            sheet = self.show(values, columns)
            write_atomically(path, lambda file: write_png(file, sheet, made_by))
        elif not path.suffix:
            self.write_batches(path, [values], len(values), made_by)
        else:
            raise InputError(f"{path} ends in {path.suffix}: photographs are written as .png or to a folder")

    def show(self, values: Any, columns: int | None = None) -> np.ndarray:
        """A grid, with white padding around photographs smaller than the largest."""
        pictures = [to_bytes(pixels_of(value)) for value in values]
        height, width = (max(picture.shape[axis] for picture in pictures) for axis in (0, 1))
        channels = max(picture.shape[2] for picture in pictures)
        cells = np.full((len(pictures), height, width, channels), 255, np.uint8)
        for cell, picture in zip(cells, pictures, strict=True):
            cell[: picture.shape[0], : picture.shape[1]] = picture
        return grid(cells, columns)

    def strange(self, values: np.ndarray, seed: int) -> np.ndarray:
        """See `strange_pictures`."""
        return strange_pictures(values, seed)


class Masks(Photographs):
    """Masks, non-zero (white) where content is missing: float32 `[height, width, 1]`, 0 or 1."""

    name = "masks"
    required = True  # content filled by mistake would be lost

    def __init__(self) -> None:
        super().__init__(1)

    def read(self, path: Path) -> np.ndarray:  # type: ignore[override]
        """Read a mask: 1 where the image is brighter than half."""
        return (super().read(path).unit > 0.5).astype(np.float32)

    def rows(self, given: Any) -> Rows:
        """One mask or several, `[height, width]` or `[height, width, 1]`; non-zero where content is missing.

        Raises:
            InputError: one has another shape.
        """
        if not isinstance(given, list):
            given = np.asarray(given)[np.newaxis] if np.ndim(given) < 4 else np.asarray(given)
        for mask in given:
            if np.ndim(mask) != 2 and (np.ndim(mask) != 3 or np.shape(mask)[2] != 1):
                raise InputError(f"a mask has shape {np.shape(mask)}: expected [height, width] or [height, width, 1]")
        return [np.reshape(np.asarray(mask) != 0, (*np.shape(mask)[:2], 1)).astype(np.float32) for mask in given]

    def spread(self, count: int) -> Any:
        """None, as sizes are not known yet: it stands for a hole in the middle, for trying things out."""
        return [None] * count


class StylePictures(Photographs):
    """Style images: float32 `[side, side, channels]` in [0, 1], centre-cropped.

    Args:
        side: pixels.
        channels: 1 for greyscale, 3 for RGB.
    """

    name = "style pictures"
    required = True  # the default is for trying things out

    def __init__(self, side: int, channels: int) -> None:
        super().__init__(channels)
        self._settings = ImageSettings(height=side, width=side, channels=channels)

    def read(self, path: Path) -> np.ndarray:  # type: ignore[override]
        """Read an upright image, on white where transparent, in the network's size."""
        return as_brightness(decode_image(path.read_bytes(), self._settings))

    def rows(self, given: Any) -> Rows:
        """One image or several, `Photograph` objects or arrays `[height, width, channels]` of any size.

        Raises:
            InputError: one has another shape.
        """
        return [self._fitted(pixels_of(picture)) for picture in super().rows(given)]

    def _fitted(self, pixels: np.ndarray) -> np.ndarray:
        if pixels.ndim != 3 or pixels.shape[-1] not in (1, 3):
            raise InputError(f"a style picture has shape {pixels.shape}: expected [height, width, 1 or 3]")
        if pixels.shape == self._settings.shape:
            return pixels
        return as_brightness(prepare_arrays(to_bytes(pixels)[np.newaxis], self._settings)[0])

    def spread(self, count: int) -> Any:
        """A generated pattern, for trying things out."""
        return [as_brightness(strokes(self._settings.height, self.channels))] * count


def as_photograph(value: Any) -> Photograph:
    """An array, uint8 or in [0, 1], as an 8-bit photograph; photographs are returned unchanged."""
    return value if isinstance(value, Photograph) else Photograph(to_bytes(np.asarray(value)))


def pixels_of(value: Any) -> np.ndarray:
    """float32 `[height, width, channels]` in [0, 1]."""
    return as_brightness(value) if isinstance(value, np.ndarray) else value.unit
