"""Baselines of music models: repeating the last note, and a back-off n-gram of cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aigc_tf.data.music.piece import FIRST, HOLD, MAX_AGE, REST, STEPS_A_QUARTER, SYMBOLS, Piece, ages, held

_RELATIVE = 3 * SYMBOLS
"""Target ids: hold, rest, and pitches by their interval from the voice's previous note."""
_OCTAVES = 24  # semitones between two voices; larger distances are clipped


class RepeatTheLast:
    """A unigram of each voice's symbols, of which hold, the continuation of a note, is one.

    Args:
        pieces: of the training part.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        cells = np.concatenate([piece.cells for piece in pieces])
        counts = np.stack([np.bincount(column, minlength=SYMBOLS) for column in cells.T]) + 1
        self.log_p = np.log(counts / counts.sum(axis=1, keepdims=True))

    def nats(self, piece: Piece) -> np.ndarray:
        """-log p of each cell, float64 `[steps, voices]`."""
        return -np.stack([own[column] for own, column in zip(self.log_p, piece.cells.T, strict=True)], axis=1)


class BackOff:
    """A back-off n-gram of cells with Witten-Bell smoothing (Witten & Bell 1991).

    p(x | h) = (c(h x) + T(h) p(x | h')) / (c(h) + T(h)), h' being h without its last part. x is a cell's target, in
    semitones from the voice's previous note, so that all keys are counted together. h extends from the voice by
    `contexts`; the lowest order is uniform.

    Args:
        pieces: of the training part.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        target = np.concatenate([relative_targets(piece) for piece in pieces])
        parts = np.concatenate([contexts(piece) for piece in pieces], axis=1)
        numbers = np.zeros(len(target), np.int64)
        self.levels = []
        for part in parts:
            pairs, numbers = np.unique(numbers * 2**32 + part, return_inverse=True)
            codes, counts = np.unique(numbers * _RELATIVE + target, return_counts=True)
            totals = np.bincount(codes // _RELATIVE, counts, len(pairs))
            kinds = np.bincount(codes // _RELATIVE, minlength=len(pairs))
            self.levels.append((pairs, codes, counts, totals, kinds))

    def nats(self, piece: Piece) -> np.ndarray:
        """-log p of each cell, float64 `[steps, voices]`."""
        target = relative_targets(piece)
        probability = np.full(len(target), 1 / SYMBOLS)
        numbers = np.zeros(len(target), np.int64)
        for part, (pairs, codes, counts, totals, kinds) in zip(contexts(piece), self.levels, strict=True):
            places, seen = _found(pairs, numbers * 2**32 + part)
            seen &= numbers >= 0
            numbers = np.where(seen, places, -1)
            own, counted = _found(codes, numbers * _RELATIVE + target)
            count = np.where(counted & seen, counts[own], 0)
            mixed = (count + kinds[places] * probability) / (totals[places] + kinds[places])
            probability = np.where(seen, mixed, probability)
        return -np.log(probability).reshape(piece.cells.shape)


def _found(known: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index of each wanted number among the sorted known ones, and whether it is there."""
    places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return places, known[places] == wanted


def _before(piece: Piece) -> tuple[np.ndarray, np.ndarray]:
    """The symbol of each voice before each step, and its age in steps: int64 `[steps, voices]`."""
    sounding, age = held(piece.cells).astype(np.int64), ages(piece.cells).astype(np.int64)
    first = np.zeros((1, sounding.shape[1]), np.int64)
    return np.concatenate([first, sounding[:-1]]), np.concatenate([first, np.minimum(age[:-1] + 1, MAX_AGE)])


def relative_targets(piece: Piece) -> np.ndarray:
    """The target of each cell, int64 `[steps * voices]`: hold, rest or a pitch, as an interval if there is one."""
    cells, (before, _) = piece.cells.astype(np.int64), _before(piece)
    known = (cells >= FIRST) & (before >= FIRST)
    moved = np.where(known, cells - before + SYMBOLS, np.where(cells >= FIRST, cells + 2 * SYMBOLS, cells))
    return moved.reshape(-1)


def contexts(piece: Piece) -> np.ndarray:
    """The context of each cell, most important part first, int64 `[parts, steps * voices]`.

    The voice and the position in the quarter; the age of the voice's note; whether the voices above move; their pitches
    relative to the voice's own note; the interval that led to that note.
    """
    before, age = _before(piece)
    sounding, cells = held(piece.cells).astype(np.int64), piece.cells
    steps, voices = cells.shape
    voice = np.tile(np.arange(voices), (steps, 1))
    quarter = (np.arange(steps) - piece.pickup) % STEPS_A_QUARTER
    moves = np.zeros((steps, voices), np.int64)
    where = np.zeros((steps, voices), np.int64)
    for own in range(voices):
        for other in range(own):
            seen = sounding[:, other]
            interval = np.clip(seen - before[:, own], -_OCTAVES, _OCTAVES) + _OCTAVES
            interval = np.where(np.minimum(seen, before[:, own]) > REST, interval, 2 * _OCTAVES + 1)
            moves[:, own] = 2 * moves[:, own] + (cells[:, other] != HOLD)
            where[:, own] = where[:, own] * 64 + interval
    came = np.concatenate([np.zeros((1, voices), np.int64), _came(piece)[:-1]])
    parts = [voice * STEPS_A_QUARTER + quarter[:, None], np.minimum(age, 8), moves, where, came]
    return np.stack([part.reshape(-1) for part in parts]).astype(np.int64)


def _came(piece: Piece) -> np.ndarray:
    """The last interval by which each voice moved up to each step, 0 before the first: int64 `[steps, voices]`."""
    moved = relative_targets(piece).reshape(piece.cells.shape)
    steps = np.arange(len(moved))[:, None]
    last = np.maximum.accumulate(np.where(piece.cells != HOLD, steps, 0), axis=0)
    found = np.take_along_axis(moved, last, axis=0)
    return np.where(found > 2 * SYMBOLS, 0, found)
