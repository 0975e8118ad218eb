"""A rule of four-part writing: no two voices move in parallel fifths, octaves or unisons."""

from __future__ import annotations

import itertools

import numpy as np

from aigc_tf.data.music.piece import FIRST, Piece

_FIFTH, _OCTAVE = 7, 12


def parallels(piece: Piece) -> tuple[int, int]:
    """Parallel fifths, and parallel octaves and unisons: two voices that move the same way from one to the next.

    Both voices strike a new pitch at the same step; what each had before is compared with what it has then.
    """
    held, cells = piece.held.astype(int), piece.cells
    fifths = octaves = 0
    for upper, lower in itertools.combinations(range(held.shape[1]), 2):
        both = (cells[1:, upper] >= FIRST) & (cells[1:, lower] >= FIRST)
        both &= (held[:-1, upper] >= FIRST) & (held[:-1, lower] >= FIRST)
        moves = np.diff(held[:, [upper, lower]], axis=0)
        same_way = both & (moves[:, 0] * moves[:, 1] > 0)
        interval = (held[:, upper] - held[:, lower]) % _OCTAVE
        kept = same_way & (interval[1:] == interval[:-1])
        fifths += int((kept & (interval[1:] == _FIFTH)).sum())
        octaves += int((kept & (interval[1:] == 0)).sum())
    return fifths, octaves


def fewest_parallels(cells: np.ndarray, times: int) -> np.ndarray:
    """Of each `times` pieces that follow each other that with the fewest parallels, the first of them.

    Args:
        cells: int16 `[rows * times, steps, voices]`.
        times: 1 gives back all.

    Returns:
        int16 `[rows, steps, voices]`.
    """
    if times == 1:
        return cells
    broken = np.array([sum(parallels(Piece(each))) for each in cells]).reshape(-1, times)
    return cells[np.arange(len(broken)) * times + broken.argmin(axis=1)]
