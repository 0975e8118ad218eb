"""Finds duplicate and near-duplicate pieces, and settings of the same melody, in any key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from aigc_tf.data.music.piece import STEPS_A_QUARTER, Piece

NEAR = 0.7
"""Share of common passages, relative to the shorter piece, at which pieces are near-duplicates."""
ALIKE = 0.5
"""The same for passages of their melodies."""
_PASSAGE, _MELODY_PASSAGE = 2, 6  # changes from quarter to quarter
_TOO_COMMON = 200  # pieces with a common passage; beyond that it means nothing, and all pairs would have to be compared


def passages(piece: Piece) -> set[bytes]:
    """Pitch changes in all voices over two quarters, in semitones, for each pair of quarters."""
    return _passages(piece.held, _PASSAGE)


def melody_passages(piece: Piece) -> set[bytes]:
    """Pitch changes in the highest voice over six quarters, in semitones; held notes are skipped."""
    found = _passages(piece.held[:, :1], _MELODY_PASSAGE)
    return {passage for passage in found if np.count_nonzero(np.frombuffer(passage, np.int16)) > 1}


def _passages(held: np.ndarray, length: int) -> set[bytes]:
    changes = np.diff(held[::STEPS_A_QUARTER].astype(np.int16), axis=0)
    return {changes[at : at + length].tobytes() for at in range(len(changes) - length + 1)}


def groups(pieces: Sequence[Piece], passages_of: Callable[[Piece], set[bytes]], share: float) -> np.ndarray:
    """The first piece that each piece is similar to, directly or through others: int64 `[pieces]`.

    Args:
        pieces: pieces to compare.
        passages_of: the features to compare.
        share: minimum share of common passages, relative to the piece with fewer.
    """
    found = [passages_of(piece) for piece in pieces]
    holders: dict[bytes, list[int]] = defaultdict(list)
    for index, passages in enumerate(found):
        for passage in passages:
            holders[passage].append(index)
    common: dict[tuple[int, int], int] = defaultdict(int)
    for indices in holders.values():
        if len(indices) <= _TOO_COMMON:
            for place, later in enumerate(indices):
                for earlier in indices[:place]:
                    common[earlier, later] += 1
    first = np.arange(len(pieces))
    for (earlier, later), count in common.items():
        if count >= share * min(len(found[earlier]), len(found[later])):
            old, new = max(first[earlier], first[later]), min(first[earlier], first[later])
            first[first == old] = new
    return first
