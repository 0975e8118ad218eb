"""Synthetic ratings: the `auto` source, for trying out recommenders without data."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.ratings.table import Ratings

_KINDS = ("Comedy", "Drama", "Western", "Mystery", "Musical", "Documentary")
_USERS, _TITLES, _RATED = 400, 25, 30  # per genre; per user


def tastes() -> tuple[Ratings, dict[str, str]]:
    """12,000 ratings from 1 to 5 by 400 users of 150 films in six genres, and the films' titles by id.

    A user likes two genres; well-known films are rated more often.
    """
    random = np.random.RandomState(0)  # this generator is reproducible across NumPy versions
    kinds = np.repeat(np.arange(len(_KINDS)), _TITLES)
    fame = np.tile(1 / np.arange(1, _TITLES + 1) ** 0.5, len(_KINDS))
    users, items, ratings = [], [], []
    for user in range(_USERS):
        liked = random.permutation(len(_KINDS))[:2]
        fits = np.isin(kinds, liked)
        chance = fame * np.where(fits, 4.0, 1.0)
        seen = np.argsort(np.log(random.uniform(size=len(kinds))) / chance)[-_RATED:]
        users += [user] * _RATED
        items += seen.tolist()
        ratings += np.clip(np.where(fits[seen], 4.4, 2.6) + random.standard_normal(_RATED), 1, 5).round().tolist()
    titles = {str(place): f"{_KINDS[kind]} {place % _TITLES + 1}" for place, kind in enumerate(kinds.tolist())}
    found = Ratings(
        users=tuple(f"user {user}" for user in range(_USERS)),
        items=tuple(titles),
        user=np.array(users, np.int32),
        item=np.array(items, np.int32),
        rating=np.array(ratings, np.float64),
        time=None,
        words="synthetic data",
    )
    return found, titles
