"""Photographs of any size in one array of pixels, and their crops."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np

from aigc_tf.data.images.splits import collect
from aigc_tf.data.source import evenly

Turns = Literal["none", "mirror", "all"]


class Photos:
    """Photographs of any size, all with the same number of channels.

    A photograph has as many *tiles* as crops needed to cover it. Epochs count tiles as examples, so that photographs
    are sampled in proportion to their area.

    Args:
        pixels: uint8 `[pixels of all, channels]`, photographs concatenated; may be memory-mapped.
        sizes: int64 `[count, 2]`, height and width of each.
        starts: int64 `[count]`, start of each in `pixels`.
    """

    def __init__(self, pixels: np.ndarray, sizes: np.ndarray, starts: np.ndarray) -> None:
        self._pixels, self.sizes, self._starts = pixels, sizes, starts

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, index: int) -> np.ndarray:
        """uint8 `[height, width, channels]`."""
        (height, width), start = self.sizes[index], self._starts[index]
        return self._pixels[start : start + height * width].reshape(height, width, self.channels)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(len(self)))

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._pixels.shape[1]

    def at(self, rows: np.ndarray) -> Photos:
        """The photographs at some positions."""
        return Photos(self._pixels, self.sizes[rows], self._starts[rows])

    def tiles(self, side: int) -> np.ndarray:
        """Number of crops of size `side` that cover each photograph: int64 `[count]`."""
        return np.prod(-(-self.sizes // side), axis=1)

    def tile(self, number: int, side: int) -> np.ndarray:
        """A tile as a crop, by its number among all tiles; tiles at the lower and right borders are shifted inwards.

        Photographs smaller than a crop are padded by reflection.
        """
        ends = np.cumsum(self.tiles(side))
        index = int(np.searchsorted(ends, number, side="right"))
        within = int(number - (ends[index - 1] if index else 0))
        height, width = self.sizes[index]
        row, column = divmod(within, -(-int(width) // side))
        top, left = (max(0, min(place * side, size - side)) for place, size in ((row, height), (column, width)))
        crop = cut(self[index], top, left, side)
        missing = [(0, side - size) for size in crop.shape[:2]]
        return np.pad(crop, [*missing, (0, 0)], mode="symmetric") if np.any(missing) else crop

    def spread(self, side: int, count: int) -> np.ndarray:
        """At most `count` tiles, evenly spread, always the same: uint8 `[count, side, side, channels]`."""
        return np.stack([self.tile(number, side) for number in evenly(int(self.tiles(side).sum()), count)])

    def crops(self, tiles: np.ndarray, numbers: np.ndarray, side: int, turns: Turns) -> np.ndarray:
        """A random crop from the photograph of each tile.

        Args:
            tiles: int64 `[batch]`, tile numbers.
            numbers: uniform in [0, 1), `[batch, at least 4]`: they determine position, mirroring and rotation.
            side: pixels.
            turns: augmentation of crops.

        Returns:
            uint8 `[batch, side, side, channels]`.
        """
        made = np.empty((len(tiles), side, side, self.channels), np.uint8)
        photos = np.searchsorted(np.cumsum(self.tiles(side)), tiles, side="right")
        for row, (index, (down, across, mirror, quarter)) in enumerate(zip(photos, numbers[:, :4], strict=True)):
            photo = self[index]
            height, width, _ = photo.shape
            crop = cut(photo, int(down * (height - side + 1)), int(across * (width - side + 1)), side)
            if turns != "none" and mirror < 0.5:
                crop = crop[:, ::-1]
            made[row] = np.rot90(crop, int(4 * quarter)) if turns == "all" else crop
        return made


def cut(photo: np.ndarray, top: int, left: int, side: int) -> np.ndarray:
    """A square crop of a photograph `[height, width, channels]`."""
    return photo[top : top + side, left : left + side]


def middle(photo: np.ndarray, side: int) -> np.ndarray:
    """The centre of a photograph `[height, width, channels]`, at most `side` pixels in height and width."""
    top, left = (max(0, (size - side) // 2) for size in photo.shape[:2])
    return photo[top : top + side, left : left + side]


def content_key(photo: np.ndarray) -> bytes:
    """SHA-256 over the shape and the pixels of a photograph."""
    return hashlib.sha256(f"{photo.shape};".encode() + photo.tobytes()).digest()


def gathered(photos: Iterable[np.ndarray], channels: int) -> Photos:
    """Store photographs uint8 `[height, width, channels]` of any size in memory, or on disk beyond a quarter of it."""
    sizes = []

    def rows() -> Iterator[tuple[np.ndarray, None]]:
        for photo in photos:
            sizes.append(photo.shape[:2])
            yield photo.reshape(-1, 1, 1, channels), None

    pixels = collect(rows(), (1, 1, channels)).images
    areas = np.prod(np.array(sizes, np.int64).reshape(-1, 2), axis=1)
    starts = np.concatenate([[0], np.cumsum(areas)[:-1]]).astype(np.int64)[: len(sizes)]
    return Photos(pixels.reshape(-1, channels), np.array(sizes, np.int64).reshape(-1, 2), starts)
