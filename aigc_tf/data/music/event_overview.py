"""Statistics of polyphonic music as tokens: those of any text, with pieces as examples."""

from __future__ import annotations

import dataclasses

from aigc_tf.data.music.event_source import EventSource
from aigc_tf.data.overview import Overview, Shown
from aigc_tf.data.text import overview as of_text

_EXAMPLES = 4


def overview(source: EventSource) -> Overview:
    """Describe a source of events."""
    found = of_text.overview(source)
    pieces = source.inputs("train", _EXAMPLES)
    return dataclasses.replace(found, examples={"examples": Shown(pieces, columns=1)})
