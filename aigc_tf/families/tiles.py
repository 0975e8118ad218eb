"""Tiled inference on pictures of any size, with bounded memory and without visible seams."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Arrays = dict[str, np.ndarray]


def by_tiles(
    call: Callable[[Arrays], np.ndarray],
    inputs: Mapping[str, np.ndarray],
    *,
    tile: int,
    overlap: int,
    granularity: int,
    scale: int,
    channels: int,
) -> np.ndarray:
    """Apply a network to a picture tile by tile.

    The picture is padded by reflection. Each tile is processed with `overlap` pixels around it: if the receptive field
    is no larger, the result equals that of the whole picture at once.

    Args:
        call: inputs by name `[1, height, width, any]` -> `[1, scale * height, scale * width, channels]`.
        inputs: pictures of the same height and width by name, float32 `[height, width, any]`.
        tile: maximum height and width of a tile in pixels, rounded up to a multiple of `granularity`. Tiles are about
            equally large.
        overlap: pixels; likewise.
        granularity: of which heights and widths must be multiples.
        scale: upscaling factor of the result.
        channels: of the result.

    Returns:
        float32 `[scale * height, scale * width, channels]`.
    """
    tile, overlap = (-(-size // granularity) * granularity for size in (tile, overlap))
    height, width = next(iter(inputs.values())).shape[:2]
    rows, columns = (-(-size // tile) for size in (height, width))
    cores = [-(-size // (count * granularity)) * granularity for size, count in ((height, rows), (width, columns))]
    missing = [count * core - size for count, core, size in zip((rows, columns), cores, (height, width), strict=True)]
    around = ((overlap, overlap + missing[0]), (overlap, overlap + missing[1]), (0, 0))
    padded = {name: np.pad(picture, around, mode="symmetric") for name, picture in inputs.items()}
    made = np.empty((scale * rows * cores[0], scale * columns * cores[1], channels), np.float32)
    for row in range(rows):
        for column in range(columns):
            top, left = row * cores[0], column * cores[1]
            window = {
                name: picture[np.newaxis, top : top + cores[0] + 2 * overlap, left : left + cores[1] + 2 * overlap]
                for name, picture in padded.items()
            }
            inner = scale * overlap
            part = call(window)[0, inner : inner + scale * cores[0], inner : inner + scale * cores[1]]
            made[scale * top : scale * (top + cores[0]), scale * left : scale * (left + cores[1])] = part
    return made[: scale * height, : scale * width]
