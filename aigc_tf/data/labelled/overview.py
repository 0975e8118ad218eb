"""Statistics of labelled texts: class counts, lengths, examples."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.labelled.source import UNLABELLED, LabelledSource
from aigc_tf.data.overview import Counts, Overview, Shown, histogram, spread_in_words
from aigc_tf.data.text.overview import EXAMPLES, cut, repeated


def overview(source: LabelledSource) -> Overview:
    """Describe a source of labelled texts."""
    train, names = source.train, source.classes.names
    labels = train.labels[train.labels != UNLABELLED]
    lengths = np.array([len(tokens) - 1 for tokens in train.tokens], np.int64)
    equal, near = repeated(list(train.texts))
    facts = {
        "texts": f"{len(train):,}, of them {len(labels):,} with a label",
        "symbols": f"{len(source.vocabulary):,} ({source.vocabulary.unit})",
        "length of texts": spread_in_words(lengths, "tokens"),
        "copies": f"{equal:,} texts are equal to an earlier one, {near:,} more except for case, spaces and punctuation",
    }
    counts = {
        "classes": Counts(list(names), np.bincount(labels, minlength=len(names))),
        "length of texts, tokens": histogram(lengths),
    }
    texts = [
        f"{title}: {cut(text)}"
        for title, text in zip(source.titles("train", EXAMPLES), source.inputs("train", EXAMPLES), strict=True)
    ]
    return Overview(facts, counts, {"examples": Shown(texts)})
