"""Statistics of ratings: items per user, users per item."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.overview import Counts, Overview, Shown, histogram, spread_in_words
from aigc_tf.data.ratings.source import RatingSource

EXAMPLES, POPULAR = 5, 20


def overview(source: RatingSource) -> Overview:
    """Describe a source of ratings."""
    liked = source.train.liked
    by_user, by_item = (np.asarray(liked.sum(axis=axis)).ravel().astype(np.int64) for axis in (1, 0))
    largest = np.sort(by_item)[::-1]
    tenth = max(1, len(largest) // 10)
    share = largest[:tenth].sum() / largest.sum()
    facts = {
        "users": f"{len(source.train):,}",
        "items": f"{len(source.items):,}, and {len(source.items.cold):,} cold ones",
        "density": f"{liked.nnz / max(1, liked.shape[0] * liked.shape[1]):.2%} of all pairs are liked",
        "liked by a user": spread_in_words(by_user, "items"),
        "popularity": f"the most popular tenth of the items has {share:.0%} of the likes",
    }
    popular = source.items.popular[:POPULAR]
    counts = {
        "most popular items": Counts([source.items.titles[item] for item in popular], by_item[popular]),
        "liked by a user, items": histogram(by_user),
    }
    return Overview(facts, counts, {"examples": Shown(*source.shown("train", EXAMPLES))})
