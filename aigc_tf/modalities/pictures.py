"""Images of a fixed size: read as sources read them, written as PNG, grid, animation or array."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np

from aigc_tf.data.images.decode import SUFFIXES, decode_files
from aigc_tf.data.images.prepare import decode_image
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.modalities.base import Modality, UserFile, batches_of_files, rows_of
from aigc_tf.modalities.captions import captioned
from aigc_tf.modalities.drawing import enlargement, grid, to_bytes, to_pil, write_gif, write_png
from aigc_tf.modalities.watermark import embed
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.storage.files import new_file, write_atomically

MAX_THUMBNAIL_PIXELS = 64  # in height and width: 1,000 thumbnails make a sprite of 2,048 pixels


class Pictures(Modality):
    """Images of a fixed size: uint8 or float in [0, 1], `[height, width, channels]`.

    Files are converted to the size and channels of `settings`, like those of sources.
    """

    name = "pictures"
    reads = SUFFIXES
    writes: ClassVar[tuple[str, ...]] = (".png", ".gif", ".npy", "")
    moving: ClassVar[tuple[str, ...]] = (".gif",)
    watermarked = staticmethod(embed)
    drawn = 64

    def __init__(self, settings: ImageSettings) -> None:
        self.settings = settings
        self._decode = partial(decode_image, settings=settings)

    def read(self, path: Path) -> np.ndarray:
        """Read an image as uint8 `[height, width, channels]`."""
        (image,) = decode_files([path], self._decode)
        if isinstance(image, UnreadableError):
            raise image
        return image

    def read_all(self, files: Sequence[UserFile], at_once: int) -> Iterator[tuple[list[UserFile], np.ndarray]]:
        """Decodes files in parallel on all cores."""
        with contextlib.closing(decode_files([file.path for file in files], self._decode)) as images:
            yield from batches_of_files(self, zip(files, images, strict=True), len(files), at_once)

    def strange(self, values: np.ndarray, seed: int) -> np.ndarray:
        """See `strange_pictures`."""
        return strange_pictures(values, seed)

    def write(self, path: Path, value: np.ndarray, made_by: Mapping[str, str]) -> None:
        """Write a PNG file with text entries."""
        write_atomically(path, partial(write_png, image=value, made_by=made_by))

    def write_all(self, path: Path, values: np.ndarray, made_by: Mapping[str, str], columns: int | None = None) -> None:
        """.png: a grid, enlarged if small; .gif: a looping animation, there and back; others: see `write_batches`."""
        if path.suffix == ".gif":
            write_atomically(path, partial(write_gif, frames=values, made_by=made_by, scale=enlargement(values)))
        elif path.suffix == ".png":
            sheet = grid(values, columns)
            write = partial(write_png, image=sheet, made_by=made_by, scale=enlargement(values))
            write_atomically(path, write)
        elif path.suffix in ("", ".npy"):
            self.write_batches(path, [values], len(values), made_by)
        else:
            raise InputError(f"{path} ends in {path.suffix}: pictures are written as .png, .gif, .npy or to a folder")

    def write_batches(
        self,
        path: Path,
        batches: Iterable[np.ndarray],
        count: int,
        made_by: Mapping[str, str],
        columns: int | None = None,
    ) -> None:
        """.npy: one array in [0, 1]; without a suffix: a folder of PNG files, batch by batch."""
        if path.suffix != ".npy":
            super().write_batches(path, batches, count, made_by, columns)
            return
        with new_file(path) as file:
            for index, batch in enumerate(batches):
                values = batch / np.float32(255) if batch.dtype == np.uint8 else batch
                if index == 0:
                    shape = (count, *values.shape[1:])
                    header = {"descr": values.dtype.str, "fortran_order": False, "shape": shape}
                    np.lib.format.write_array_header_1_0(file, header)
                file.write(np.ascontiguousarray(values).data)

    def rows(self, given: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
        """One image `[height, width, channels]`, or several."""
        return rows_of(given, 3)

    def show(self, values: np.ndarray, columns: int | None = None) -> np.ndarray:
        """A grid."""
        return grid(values, columns)

    def show_titled(self, values: np.ndarray, titles: Sequence[str]) -> np.ndarray:
        """A grid, enlarged, with each image above its title."""
        return captioned(values, titles)

    def thumbnails(self, values: np.ndarray) -> np.ndarray:
        """The images, downsized where a side has more than 64 pixels."""
        images = to_bytes(values)
        shrink = math.ceil(max(images.shape[1:3]) / MAX_THUMBNAIL_PIXELS)
        if shrink <= 1:
            return images
        small = np.stack([np.asarray(to_pil(image).reduce(shrink)) for image in images])
        return small.reshape(*small.shape[:3], images.shape[-1])

    def compare(self, inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Rows of input, output, and their difference (black is none)."""
        first, second = (to_bytes(images).astype(np.float32) / 255 for images in (inputs, outputs))
        rows = np.stack([first, second, np.abs(second - first)], axis=1)
        return grid(rows.reshape(-1, *rows.shape[2:]), columns=3)


def strange_pictures(values: np.ndarray, seed: int) -> np.ndarray:
    """In turn: noise, the negative, shuffled pixels, a single colour; float `values` in [0, 1]."""
    random = np.random.default_rng(seed)
    made = np.empty_like(values)
    channels = values.shape[-1]
    made[0::4] = random.random(values[0::4].shape)
    made[1::4] = 1 - values[1::4]
    made[2::4] = random.permuted(values[2::4].reshape(len(values[2::4]), -1, channels), axis=1).reshape(
        values[2::4].shape
    )
    made[3::4] = random.random((len(values[3::4]), 1, 1, channels))
    return made


def as_brightness(images: np.ndarray) -> np.ndarray:
    """Images, unsigned integers of any width or float in [0, 1], as float32 in [0, 1]."""
    if images.dtype.kind == "u":
        return images.astype(np.float32) / np.float32(np.iinfo(images.dtype).max)
    return images.astype(np.float32)


def some_of(images: np.ndarray, count: int, seed: int) -> np.ndarray:
    """`count` images from `[any, height, width, channels]`, sampled with replacement, as float32 in [0, 1]."""
    chosen = np.sort(np.random.default_rng(seed).integers(len(images), size=count))  # sorted, to read files in order
    return as_brightness(np.asarray(images[chosen]))
