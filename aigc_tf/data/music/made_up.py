"""Synthetic four-voice pieces: the `auto` source, for trying out music models without data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aigc_tf.data.music.piece import FIRST, HOLD, Piece, symbol_of

PIECES = 120
_BARS = 8
_SCALE = (0, 2, 4, 5, 7, 9, 11)
_NEXT = {0: (1, 3, 4, 5), 1: (4,), 3: (0, 1, 4), 4: (0, 5), 5: (1, 3)}  # triads by degree, as in textbooks of harmony
_RANGES = ((60, 79), (55, 72), (48, 67), (40, 60))


def made_up_pieces(voices: Sequence[str]) -> list[Piece]:
    """120 pieces of eight bars, in all major keys: chord progressions by rule, with stepwise voice leading.

    Args:
        voices: voice names; those beyond four double others at the octave.
    """
    random = np.random.RandomState(0)  # this generator is reproducible across NumPy versions
    return [_piece(random, number % 12, voices) for number in range(PIECES)]


def _piece(random: np.random.RandomState, key: int, voices: Sequence[str]) -> Piece:
    chords = [0]
    while len(chords) < 4 * _BARS - 3:
        chords.append(int(random.choice(_NEXT[chords[-1]])))
    chords += [1 if chords[-1] != 1 else 3, 4, 0]
    cells = np.full((16 * _BARS, len(voices)), HOLD, np.int16)
    now = [sum(_RANGES[voice % 4]) // 2 for voice in range(len(voices))]
    for quarter, degree in enumerate(chords):
        tones = [(key + _SCALE[(degree + third) % 7]) % 12 for third in (0, 2, 4)]
        for voice, old in enumerate(now):
            wanted = tones[:1] if voice == 3 else tones
            low, high = _RANGES[voice % 4]
            near = [pitch for pitch in range(low, high + 1) if pitch % 12 in wanted]
            distances = [abs(pitch - old) + random.rand() / 2 for pitch in near]
            now[voice] = near[int(np.argmin(distances))]
            cells[4 * quarter, voice] = symbol_of(now[voice])
        middle = (old + now[0]) // 2
        if abs(old - now[0]) == 4 and quarter:
            cells[4 * quarter - 2, 0] = max(FIRST, int(symbol_of(middle)))
    return Piece(cells, voices=tuple(voices))
