"""Statistics of captioned images: those of images, caption lengths, and words that occur once."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np

from aigc_tf.data.captioned.combinations import reduced
from aigc_tf.data.captioned.source import CaptionedSource
from aigc_tf.data.images import overview as pictures
from aigc_tf.data.overview import Overview, histogram, spread_in_words


def overview(source: CaptionedSource) -> Overview:
    """Describe a source of captioned images."""
    found, captions = pictures.overview(source), [caption for own in source.train.captions for caption in own]
    lengths = (source.captions.numbers(captions) > 0).sum(axis=1)
    counts = Counter(word for caption in captions for word in set(reduced(caption)))
    once = sum(count == 1 for count in counts.values())
    facts = {
        "captions": spread_in_words(lengths, "tokens"),
        "words": f"{len(counts):,}, of which {once:,} occur in only one caption",
        "repeated captions": f"{len(captions) - len(set(captions)):,}",
    }
    numbers = {"length of captions, tokens": histogram(np.asarray(lengths))}
    return dataclasses.replace(found, facts=found.facts | facts, counts=found.counts | numbers)
