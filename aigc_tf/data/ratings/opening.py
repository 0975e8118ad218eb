"""Opens sources of ratings: from user files, from TFDS, from Python data, or synthetic."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.ratings.interactions import Users, held_out, learnt_from, matrix_of, shuffled_by_hash, user_keys
from aigc_tf.data.ratings.items import Items
from aigc_tf.data.ratings.made_up import tastes
from aigc_tf.data.ratings.public import read_tfds
from aigc_tf.data.ratings.source import RatingSource
from aigc_tf.data.ratings.table import Ratings, read_ratings, read_titles
from aigc_tf.data.source import GIVEN
from aigc_tf.errors import InputError, printable
from aigc_tf.recipes.recommendation import FOLDS, RatingSettings, RecommendationRecipe

AUTO = "tastes"
_OWN, _MADE_UP = "the user's own", "synthetic data of this project, Apache-2.0"
_EXPECTED = "a CSV file of users, items and ratings, or a TFDS set such as movielens/100k-ratings"
_SUFFIXES = (".csv", ".tsv", ".txt", ".dat")
_MIN_USERS, _MIN_ITEMS = 20, 5  # with fewer there is nothing to learn or to evaluate


class Read(NamedTuple):
    """Ratings and their metadata."""

    name: str
    licence: str
    ratings: Ratings
    titles: Mapping[str, str]
    """Titles of items, by id."""


def open_source(recipe: RecommendationRecipe, data: Any = None) -> RatingSource:
    """Open the ratings of a recipe.

    Args:
        recipe: its `source` is a CSV file, the name of a TFDS set, or auto (`tastes`, synthetic).
        data: replaces the source: a sequence of (user, item), (user, item, rating) or (user, item, rating, time).

    Raises:
        InputError: the source or the data is missing or invalid, or there are too few users.
    """
    settings = recipe.ratings
    read = _read(recipe, data)
    liked = _liked(read.ratings, settings)
    if len(liked.names) < _MIN_USERS:
        raise InputError(
            f"{printable(read.name)} has {len(liked.names)} users who like at least {settings.min_items} items, and "
            f"{_MIN_USERS} are needed: give more ratings, or lower ratings.min_items or ratings.at_least"
        )
    tested, learnt = _by_time(liked) if settings.split == "time" else _by_hash(liked, settings.fold)
    items, numbers = _items(learnt, read, settings)
    if len(items) < _MIN_ITEMS:
        raise InputError(
            f"{printable(read.name)} has {len(items)} items that at least {settings.min_users} training users like, "
            f"and {_MIN_ITEMS} are needed: give more ratings, or lower ratings.min_users"
        )
    source = RatingSource(
        name=read.name,
        licence=read.licence,
        test_split=_test_split(settings),
        items=items,
        content=_fingerprint(liked, read.ratings.items, items),
        train=_learnt(learnt, numbers, items, settings),
        test=_asked(tested, numbers, items, settings),
    ).for_recipe(recipe)
    if not len(source.test) or source.validation is None or not len(source.validation):
        raise InputError(f"{printable(read.name)} leaves no users to validate or to test on: give more ratings")
    return dataclasses.replace(source, notes=_notes(source, read, liked, settings))


class _Liked(NamedTuple):
    """The items that users like, in order of time if times are known."""

    names: list[str]
    rows: list[np.ndarray]
    """Item indices in the source's order."""
    times: list[np.ndarray]
    """float64, the time of each; 0 if unknown."""
    low: list[np.ndarray]
    """Indices of the items that each user rated lower."""
    low_times: list[np.ndarray]

    def only(self, users: Sequence[int]) -> _Liked:
        return _Liked(*([values[user] for user in users] for values in self))  # type: ignore[arg-type]


def _liked(ratings: Ratings, settings: RatingSettings) -> _Liked:
    """Users who like enough items, without repeated items."""
    wanted = np.ones(len(ratings.user), bool) if ratings.rating is None else ratings.rating >= settings.at_least
    rows, times = _by_user(ratings, wanted)
    low, low_times = _by_user(ratings, ~wanted)
    low_times = [times[~np.isin(row, known)] for times, row, known in zip(low_times, low, rows, strict=True)]
    low = [row[~np.isin(row, known)] for row, known in zip(low, rows, strict=True)]
    enough = [user for user, row in enumerate(rows) if len(row) >= settings.min_items]
    return _Liked(list(ratings.users), rows, times, low, low_times).only(enough)


def _by_user(ratings: Ratings, wanted: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Items and times of the `wanted` ratings for each user in order of time, without repeated items."""
    user, item = ratings.user[wanted], ratings.item[wanted]
    time = np.zeros(len(user)) if ratings.time is None else ratings.time[wanted]
    order = np.lexsort((item, time, user))
    user, item, time = user[order], item[order], time[order]
    rows, times = [], []
    for start, end in itertools.pairwise(np.searchsorted(user, np.arange(len(ratings.users) + 1))):
        _, first = np.unique(item[start:end], return_index=True)
        first.sort()
        rows.append(item[start:end][first])
        times.append(time[start:end][first])
    return rows, times


def _by_hash(liked: _Liked, fold: int) -> tuple[_Liked, _Liked]:
    """Test and training users: a fifth of the users in the order of their hashes is the test part."""
    order = np.argsort(user_keys(liked.names, "test"), kind="stable")
    fifths = np.array_split(order, FOLDS)
    others = np.concatenate([fifth for number, fifth in enumerate(fifths) if number != fold])
    return liked.only(sorted(fifths[fold].tolist())), liked.only(sorted(others.tolist()))


def _by_time(liked: _Liked) -> tuple[_Liked, _Liked]:
    """The same by time: the latest fifth of the users, and what others liked before the first of them arrived."""
    came = np.array([times[0] for times in liked.times])
    order = np.argsort(came, kind="stable")
    cut = len(order) - len(order) // FOLDS
    begin = came[order[cut]]
    learnt = liked.only(sorted(order[:cut].tolist()))
    rows, low = (
        [row[times < begin] for row, times in zip(found, when, strict=True)]
        for found, when in ((learnt.rows, learnt.times), (learnt.low, learnt.low_times))
    )
    return liked.only(sorted(order[cut:].tolist())), learnt._replace(rows=rows, low=low)


def _items(learnt: _Liked, read: Read, settings: RatingSettings) -> tuple[Items, np.ndarray]:
    """The items that enough training users like, and each item's number by its index, -1 for cold ones."""
    ids = read.ratings.items
    counts = np.bincount(np.concatenate([*learnt.rows, np.zeros(0, np.int32)]), minlength=len(ids))
    known = np.flatnonzero(counts >= settings.min_users)
    numbers = np.full(len(ids), -1, np.int64)
    numbers[known] = np.arange(len(known))
    titles = [read.titles.get(name, name) for name in ids]
    cold = {titles[place]: int(counts[place]) for place in np.flatnonzero(numbers < 0)}
    unrated = {title: 0 for name, title in read.titles.items() if name not in set(ids)} if read.titles else {}
    known_titles = tuple(titles[place] for place in known)
    cold = {title: count for title, count in {**unrated, **cold}.items() if title not in set(known_titles)}
    items = Items(
        tuple(ids[place] for place in known), known_titles, tuple(int(counts[place]) for place in known), cold
    )
    return items, numbers


def _known_rows(rows: Sequence[np.ndarray], numbers: np.ndarray) -> list[np.ndarray]:
    """Item numbers for indices, without cold items."""
    known = [numbers[row] for row in rows]
    return [row[row >= 0].astype(np.int32) for row in known]


def _learnt(learnt: _Liked, numbers: np.ndarray, items: Items, settings: RatingSettings) -> Users:
    """Training users, without those who like only cold items."""
    rows, low = _known_rows(learnt.rows, numbers), _known_rows(learnt.low, numbers)
    kept = [user for user, row in enumerate(rows) if len(row)]
    given = matrix_of([rows[user] for user in kept], len(items))
    if settings.weak:
        given = given + np.float32(settings.weak) * matrix_of([low[user] for user in kept], len(items))
    return learnt_from([learnt.names[user] for user in kept], given.tocsr())


def _asked(tested: _Liked, numbers: np.ndarray, items: Items, settings: RatingSettings) -> Users:
    """Test users: the last items of each in time are to be predicted, or the last ones by a hash."""
    rows = _known_rows(tested.rows, numbers)
    if settings.split == "users":
        rows = [shuffled_by_hash(name, items.ids, row) for name, row in zip(tested.names, rows, strict=True)]
    return held_out(tested.names, rows, len(items))


def _test_split(settings: RatingSettings) -> str:
    given = "80 % of what each likes is given, the rest is to be predicted"
    if settings.split == "time":
        return f"the fifth of the users who came last, {given}: the latest; no later ratings were trained on"
    return f"fold {settings.fold} of {FOLDS}, users by a hash; {given}"


def _fingerprint(liked: _Liked, ids: Sequence[str], items: Items) -> str:
    digest = hashlib.sha256("\0".join(items.titles).encode())
    for name, row, low in zip(liked.names, liked.rows, liked.low, strict=True):
        high, weak = (" ".join(ids[place] for place in np.sort(places)) for places in (row, low))
        digest.update(f"{name}: {high}; {weak}\n".encode())
    return digest.hexdigest()


def _read(recipe: RecommendationRecipe, data: Any) -> Read:
    settings, name = recipe.ratings, recipe.source
    titles: Mapping[str, str] = {}
    if settings.items is not None:
        titles = read_titles(existing(settings.items, "a CSV file of items and titles with ratings.items"))
    if data is not None:
        return Read(GIVEN, _OWN, _given(data), titles)
    if name in ("auto", AUTO):
        ratings, known = tastes()
        return Read(AUTO, _MADE_UP, ratings, {**known, **titles})
    if not is_path(name, _SUFFIXES, _EXPECTED):
        licence, ratings, known = read_tfds(name)
        return Read(name, licence, ratings, {**known, **titles})
    path = existing(name, _EXPECTED)
    if path.is_dir():
        raise InputError(f"source {printable(str(path))} is a folder: name {_EXPECTED}")
    return Read(str(path), _OWN, read_ratings(path, settings), titles)


def _given(data: Any) -> Ratings:
    try:
        rows = [tuple(row) for row in data]
        width = len(rows[0])
        if width not in (2, 3, 4) or any(len(row) != width for row in rows):
            raise ValueError("rows need two to four cells, all the same number")
        columns = list(zip(*rows, strict=True))
        numbers = [np.array(column, np.float64) for column in columns[2:]]
        if not all(np.isfinite(column).all() for column in numbers):
            raise ValueError("ratings and times are finite")
    except (TypeError, ValueError, IndexError) as error:
        raise InputError(f"data is not a sequence of (user, item, rating, time): {error}") from None
    (users, user), (items, item) = (_numbered([str(name) for name in column]) for column in columns[:2])
    rating, time = [*numbers, None, None][:2]
    return Ratings(users, items, user, item, rating, time, "users, items, ratings, times in this order")


def _numbered(names: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    places: dict[str, int] = {}
    numbers = np.array([places.setdefault(name, len(places)) for name in names], np.int32)
    return tuple(places), numbers


def _notes(source: RatingSource, read: Read, liked: _Liked, settings: RatingSettings) -> tuple[str, ...]:
    ratings = read.ratings
    used = sum(map(len, liked.rows))
    what = "all are taken as liked" if ratings.rating is None else f"liked from {settings.at_least:g} on"
    if ratings.rating is not None and settings.weak:
        what += f", lower ones of training users count {settings.weak:g}"
    said = [
        f"{source.name}: {source.sizes_in_words('users', len)}, {len(source.items):,} items",
        f"{used:,} of {len(ratings.user):,} ratings count ({what}; users with at least {settings.min_items}); read as: "
        f"{ratings.words}",
        f"{len(source.items.cold):,} items are cold: fewer than {settings.min_users} training users like them",
    ]
    if read.titles:
        lacking = sum(title == name for name, title in zip(source.items.ids, source.items.titles, strict=True))
        said += [f"{lacking:,} items have no title in {settings.items or source.name}"] if lacking else []
    return tuple(said)
