"""Statistics of text pairs: lengths, near-duplicates, copied words."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.overview import Overview, Shown, histogram, spread_in_words
from aigc_tf.data.pairs.clusters import words
from aigc_tf.data.pairs.source import PairSource
from aigc_tf.data.source import evenly

EXAMPLES, COMPARED = 8, 5_000  # number of pairs to show, and to compare by words


def overview(source: PairSource) -> Overview:
    """Describe a source of pairs."""
    train = source.train
    lengths = train.lengths - 1  # without the end tokens
    kinds, counts = np.unique(train.clusters, return_counts=True)
    shares = [share for row in evenly(len(train), COMPARED) if (share := _copied(*train.pairs[row])) is not None]
    facts = {
        "sources": spread_in_words(lengths[:, 0], "tokens"),
        "targets": spread_in_words(lengths[:, 1], "tokens"),
        "near-duplicates": f"{len(train) - len(kinds):,} pairs are near-duplicates of an earlier one, in "
        f"{int((counts > 1).sum()):,} clusters",
    }
    if shares:
        facts["copied words"] = f"{np.mean(shares):.0%} of a target's words occur in its source"
    numbers = {
        "length of sources, tokens": histogram(lengths[:, 0]),
        "length of targets, tokens": histogram(lengths[:, 1]),
    }
    return Overview(facts, numbers, {"examples": Shown(source.titles("train", EXAMPLES))})


def _copied(source: str, target: str) -> float | None:
    """The share of a target's words that also occur in its source; None if it has no words."""
    found, known = words(target), set(words(source))
    return sum(word in known for word in found) / len(found) if found else None
