"""Which pieces are the same, nearly the same, or settings of one melody, in any key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from aigc_tf.data.music.piece import STEPS_A_QUARTER, Piece

NEAR = 0.7
"""Share of the shorter piece's passages that two pieces have in common to be nearly the same."""
ALIKE = 0.5
"""The same of the passages of their melodies, for melodies that are alike."""
_PASSAGE, _MELODY_PASSAGE = 2, 6  # changes from quarter to quarter
_TOO_COMMON = 200  # pieces that have a passage in common: it says nothing, and all pairs of them would be compared


def passages(piece: Piece) -> set[bytes]:
    """What changes in all voices within two quarters, in semitones, for each pair of quarters."""
    return _passages(piece.held, _PASSAGE)


def melody_passages(piece: Piece) -> set[bytes]:
    """What changes in the highest voice within six quarters, in semitones; held notes say nothing."""
    found = _passages(piece.held[:, :1], _MELODY_PASSAGE)
    return {passage for passage in found if np.count_nonzero(np.frombuffer(passage, np.int16)) > 1}


def _passages(held: np.ndarray, length: int) -> set[bytes]:
    changes = np.diff(held[::STEPS_A_QUARTER].astype(np.int16), axis=0)
    return {changes[at : at + length].tobytes() for at in range(len(changes) - length + 1)}


def groups(pieces: Sequence[Piece], passages_of: Callable[[Piece], set[bytes]], share: float) -> np.ndarray:
    """The number of the first piece that each is like, directly or by others between them: int64 `[pieces]`.

    Args:
        pieces: to compare.
        passages_of: what they are compared by.
        share: of the passages of the one that has fewer, to be alike.
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
