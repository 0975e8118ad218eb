"""A rule of four-part writing: no two voices move in parallel fifths, octaves or unisons."""

from __future__ import annotations

import itertools

import numpy as np

from aigc_tf.data.music.piece import FIRST, SYMBOLS, Piece

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


def parallel_symbols(before: np.ndarray, cells: np.ndarray, voice: int) -> np.ndarray:
    """Which symbols of a voice would be parallel to another voice that strikes in the same step.

    Args:
        before: sounding symbols one step earlier, int `[rows, voices]`.
        cells: cells of the step; `HOLD` where a voice strikes nothing, or is not decided yet. Likewise `[rows,
            voices]`.
        voice: the voice to decide.

    Returns:
        bool `[rows, symbols]`; holding and resting are never parallel.
    """
    symbols = np.arange(SYMBOLS)
    found = np.zeros((len(cells), SYMBOLS), bool)
    own = before[:, voice, None]
    for other in set(range(cells.shape[1])) - {voice}:
        old, new = before[:, other, None], cells[:, other, None]
        pitches = (own >= FIRST) & (old >= FIRST) & (new >= FIRST) & (symbols >= FIRST)
        same_way = (symbols - own) * (new - old) > 0
        interval = (own - old) % _OCTAVE if voice < other else (old - own) % _OCTAVE
        then = (symbols - new) % _OCTAVE if voice < other else (new - symbols) % _OCTAVE
        found |= pitches & same_way & (interval == then) & np.isin(interval, (0, _FIFTH))
    return found


def fewest_parallels(cells: np.ndarray, times: int) -> np.ndarray:
    """Of each group of `times` consecutive pieces, select the first one with the fewest parallels.

    Args:
        cells: int16 `[rows * times, steps, voices]`.
        times: 1 returns all.

    Returns:
        int16 `[rows, steps, voices]`.
    """
    if times == 1:
        return cells
    broken = np.array([sum(parallels(Piece(each))) for each in cells]).reshape(-1, times)
    return cells[np.arange(len(broken)) * times + broken.argmin(axis=1)]
