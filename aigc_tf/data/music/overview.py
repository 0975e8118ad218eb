"""Statistics of music: lengths, metres, voices, examples."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.music.piece import FIRST, HOLD, pitch_of
from aigc_tf.data.music.source import MusicSource
from aigc_tf.data.overview import Counts, Overview, Shown, histogram, spread_in_words

_EXAMPLES = 4


def overview(source: MusicSource) -> Overview:
    """Describe a source of music."""
    pieces, voices = source.train.pieces, source.settings.voices
    bars = np.array([piece.steps // piece.bar for piece in pieces])
    metres, counts = np.unique([piece.bar for piece in pieces], return_counts=True)
    ranges = ", ".join(
        f"{voice} {pitch_of(low)}-{pitch_of(high)}" for voice, (low, high) in zip(voices, source.ranges, strict=True)
    )
    cells = np.concatenate([piece.cells for piece in pieces])
    facts = {
        "pieces": f"{len(pieces):,}",
        "length of pieces": spread_in_words(bars, "bars"),
        "voices (MIDI numbers)": ranges,
        "notes": f"{int((cells >= FIRST).sum()):,}; a voice goes on with its note in {(cells == HOLD).mean():.0%} "
        "of the sixteenths",
    }
    kinds = {
        "sixteenth notes in a bar": Counts([str(metre) for metre in metres], counts),
        "length of pieces, bars": histogram(bars),
    }
    return Overview(facts, kinds, {"examples": Shown(source.inputs("train", _EXAMPLES), columns=1)})
