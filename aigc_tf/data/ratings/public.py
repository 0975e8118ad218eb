"""Ratings from TensorFlow Datasets: MovieLens, and sets with the same features."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aigc_tf.data import tfds_builders
from aigc_tf.data.ratings.table import Ratings
from aigc_tf.errors import InputError

_FEATURES = {
    "user": "user_id",
    "item": "movie_id",
    "rating": "user_rating",
    "time": "timestamp",
    "title": "movie_title",
}


def read_tfds(name: str) -> tuple[str, Ratings, dict[str, str]]:
    """The licence of a TFDS set, its ratings, and the titles of its items by id.

    Args:
        name: name of the set, such as movielens/100k-ratings.

    Raises:
        InputError: there is no such set, it has other features, or it cannot be downloaded.
    """
    builder = tfds_builders.builder_of(name, ["tastes"])
    features = dict(builder.info.features) if hasattr(builder.info.features, "keys") else {}
    lacking = [feature for role, feature in _FEATURES.items() if role in ("user", "item") and feature not in features]
    if lacking:
        raise InputError(f"TFDS data set {name} has no feature {lacking[0]}: name a set such as movielens/100k-ratings")
    tfds_builders.prepare(name, builder, ())
    train, _ = tfds_builders.split_names(name, builder)
    roles = {role: feature for role, feature in _FEATURES.items() if feature in features}
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    titles: dict[str, str] = {}
    rows: list[tuple[int, int, float, float]] = []
    try:
        for example in tfds_builders.examples(builder, train, tuple(roles.values())).as_numpy_iterator():
            user, item = (_text(example[roles[role]]) for role in ("user", "item"))
            if "title" in roles:
                titles[item] = _text(example[roles["title"]])
            rating, time = (float(example[roles[role]]) if role in roles else 0.0 for role in ("rating", "time"))
            rows.append((users.setdefault(user, len(users)), items.setdefault(item, len(items)), rating, time))
    except tf.errors.OpError as error:
        raise tfds_builders.damaged(builder, error) from error
    table = np.array(rows, np.float64).reshape(-1, len(("user", "item", "rating", "time")))
    found = Ratings(
        users=tuple(users),
        items=tuple(items),
        user=table[:, 0].astype(np.int32),
        item=table[:, 1].astype(np.int32),
        rating=table[:, 2] if "rating" in roles else None,
        time=table[:, 3] if "time" in roles else None,
        words=", ".join(f"{role} {feature}" for role, feature in roles.items()),
    )
    return f"see {builder.info.homepage or 'the TFDS catalogue'}", found, titles


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
