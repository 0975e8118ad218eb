"""Liked items, held-out users and their target items; titles and their variants."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aigc_tf.data.ratings.items import Items
from aigc_tf.data.ratings.opening import open_source
from aigc_tf.data.ratings.source import RatingSource
from aigc_tf.errors import InputError
from aigc_tf.recipes.mult_vae import MultVAE
from aigc_tf.recipes.recommendation import RatingSettings


def source_of(data: Any = None, **settings: Any) -> RatingSource:
    return open_source(MultVAE(ratings=RatingSettings(**settings)), data)


def rows(users: int = 60, liked: int = 10, items: int = 40) -> list[tuple[str, str, float, float]]:
    """Each user likes some items in chronological order; users are in chronological order, too."""
    random = np.random.default_rng(0)
    return [
        (f"u{user}", f"i{item}", 5.0, float(100 * user + place))
        for user in range(users)
        for place, item in enumerate(random.permutation(items)[:liked].tolist())
    ]


def test_parts_have_different_users_and_four_fifths_are_given():
    source = source_of()
    assert source.validation is not None
    parts = [set(part.names) for part in (source.train, source.validation, source.test)]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    for part in (source.validation, source.test):
        given, asked = (np.asarray(matrix.sum(axis=1)).ravel() for matrix in (part.given, part.asked))
        assert part.given.multiply(part.asked).nnz == 0 and asked.min() >= 1 and given.min() >= 1
        assert given.sum() / (given.sum() + asked.sum()) == pytest.approx(0.8, abs=0.03)
    assert source.train.asked.nnz == 0
    assert "fold 0 of 5" in source.test_split


def test_folds_cover_every_user_once():
    tested = [source_of(fold=fold).test.names for fold in range(5)]
    together = [name for names in tested for name in names]
    assert len(together) == len(set(together)) > 380


def test_the_threshold_decides_what_is_liked():
    strict, mild = source_of(at_least=5.0), source_of(at_least=3.0)
    assert strict.train.given.nnz < mild.train.given.nnz
    low = [(*row[:2], 1.0) for row in rows()]
    with pytest.raises(InputError, match="has 0 users who like at least 5 items, and 20 are needed"):
        source_of(low)


def test_low_ratings_count_little_and_only_in_training():
    source, without = source_of(weak=0.25), source_of(weak=0.0)
    assert source.validation is not None
    assert set(np.unique(source.train.given.data)) == {0.25, 1.0}
    assert (source.train.liked != without.train.given).nnz == 0
    for part in (source.validation, source.test):
        assert set(part.given.data) == set(part.asked.data) == {1.0}
    batch = next(iter(source.batches(8, 0)))
    np.testing.assert_array_equal(batch["liked"], batch["rated"] == 1)
    assert (batch["rated"].numpy() == 0.25).any()


def test_an_item_that_is_rated_twice_counts_once():
    data = [row for row in rows() for _ in range(2)]
    assert source_of(data).train.given.max() == 1


def test_split_by_time_learns_nothing_that_came_later():
    data = rows(users=100)
    source = source_of(data, split="time", min_users=1)
    times = {(user, item): time for user, item, _, time in data}
    begin = min(time for (user, _), time in times.items() if user in source.test.names)
    ids = source.items.ids
    assert source.validation is not None
    for part in (source.train, source.validation):
        for row, name in enumerate(part.names):
            assert all(times[name, ids[item]] < begin for item in (part.given + part.asked)[row].indices)
    for row, name in enumerate(source.test.names):
        given, asked = (
            [times[name, ids[item]] for item in part[row].indices] for part in (source.test.given, source.test.asked)
        )
        assert max(given) < min(asked)
    assert {int(name[1:]) for name in source.test.names} == set(range(80, 100))


def test_batches_are_dense_rows_and_follow_from_seed_and_step():
    source = source_of()
    first = [batch["liked"].numpy() for batch in source.batches(8, 3).take(4)]
    again = next(iter(source.batches(8, 3, first_step=2)))["liked"].numpy()
    np.testing.assert_array_equal(first[2], again)
    assert first[0].shape == (8, len(source.items)) and set(np.unique(first[0])) == {0.0, 1.0}
    dense = source.train.liked.toarray()
    assert all((dense == row).all(axis=1).any() for row in first[0])


def test_cold_items_are_known_by_name_and_not_learnt():
    data = [*rows(), ("u1", "rare", 5.0, 1.0), ("u2", "rare", 5.0, 1.0)]
    source = source_of(data)
    assert "rare" not in source.items.ids and source.items.cold["rare"] <= 2
    with pytest.raises(InputError, match=r"too few training users like rare \(liked by \d\)"):
        source.items.numbers(["rare"])


def test_other_ratings_have_another_fingerprint():
    data = rows()
    assert source_of(data).fingerprint == source_of(data).fingerprint
    assert source_of(data).fingerprint != source_of(data[:-1]).fingerprint
    assert source_of(data).fingerprint == dataclasses.replace(source_of(data), name="x").fingerprint


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([("a", "b")], "has 0 users who like at least 5 items"),
        ([], "data is not a sequence"),
        ([("a", "b"), ("a",)], "data is not a sequence"),
        ([("a", "b", "x")], "data is not a sequence"),
        (7, "data is not a sequence"),
    ],
)
def test_what_cannot_be_used_is_said(data: Any, message: str):
    with pytest.raises(InputError, match=message):
        source_of(data)


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="is a folder"):
        open_source(MultVAE(source=str(tmp_path)))
    with pytest.raises(InputError, match="does not exist"):
        source_of(items=str(tmp_path / "titles.csv"))


ITEMS = Items(
    ids=("1", "2", "3", "4", "5"),
    titles=("Toy Story (1995)", "Matrix, The (1999)", "Heat (1995)", "Heat (1986)", "Toy Story 2 (1999)"),
    counts=(9, 8, 7, 1, 3),
    cold={"Obscure (1950)": 1},
)


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["toy story"], [0]),
        (["The Matrix", "Toy  Story (1995)"], [0, 1]),
        (["Heat (1986)"], [3]),
        (["2", 0], [0, 1]),
        (["Toy Story", "Obscure"], [0]),
    ],
)
def test_items_are_found_by_what_people_call_them(names: list[Any], numbers: list[int]):
    assert ITEMS.numbers(names).tolist() == numbers


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Toi Story", r"no item is called Toi Story: did you mean Toy Story \(1995\) or"),
        ("Toy", r"did you mean Toy Story \(1995\) or Toy Story 2 \(1999\)\?"),
        ("Heat", r"Heat may be Heat \(1995\) or Heat \(1986\): give one of them"),
        ("qqqq", r"it knows items such as Toy Story \(1995\), Matrix, The"),
        (5, "there is no item number 5: give one from 0 to 4"),
        ("Obscure", r"too few training users like Obscure \(1950\) \(liked by 1\)"),
    ],
)
def test_other_names_are_refused_with_what_may_be_meant(name: Any, message: str):
    with pytest.raises(InputError, match=message):
        ITEMS.numbers([name])


def test_items_read_back_what_they_write():
    assert Items.from_json(ITEMS.to_json()) == ITEMS
    for text in ("[]", '{"ids": ["1"], "titles": [], "counts": [], "cold": {}}', "nonsense"):
        with pytest.raises(InputError, match=r"items\.json is not a list of items"):
            Items.from_json(text)
