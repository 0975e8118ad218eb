"""Statistics of recordings: lengths, classes, examples."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.overview import Counts, Overview, Shown, histogram
from aigc_tf.data.sound.source import SoundSource

_EXAMPLES = 16


def overview(source: SoundSource) -> Overview:
    """Describe a source of sound."""
    settings = source.settings
    lengths = np.array([len(sound) for sound in source.train.sounds])
    seconds = lengths / settings.rate
    facts = {
        "recordings": f"{len(lengths):,}",
        "length of recordings": f"{seconds.min():.2f} to {seconds.max():.2f} seconds, median {np.median(seconds):.2f}",
        "longer than a sound of the model": f"{(lengths > settings.samples).mean():.0%}, which are cropped",
        "samples per second": f"{settings.rate:,}",
    }
    counts = {"length of recordings, tenths of a second": histogram((10 * seconds).astype(np.int64))}
    if source.class_names is not None and source.train.labels is not None:
        numbers = np.bincount(source.train.labels, minlength=len(source.class_names))
        counts["classes"] = Counts(source.class_names, numbers)
    return Overview(facts, counts, {"examples": Shown(*source.shown("train", _EXAMPLES), columns=4)})
