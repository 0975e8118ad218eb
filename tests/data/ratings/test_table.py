"""Tables of ratings and of titles: columns by common names or by flags; one-line errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aigc_tf.data.ratings.table import read_ratings, read_titles
from aigc_tf.errors import InputError
from aigc_tf.recipes.recommendation import RatingSettings

USUAL = RatingSettings()


def written(folder: Path, text: str, name: str = "ratings.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_usual_names_are_recognised(tmp_path: Path):
    path = written(tmp_path, "userId,movieId,rating,timestamp\n7,20,4.5,100\n7,30,1,90\n9,20,3,80\n")
    found = read_ratings(path, USUAL)
    assert (found.users, found.items) == (("7", "9"), ("20", "30"))
    assert found.user.tolist() == [0, 0, 1] and found.item.tolist() == [0, 1, 0]
    assert found.rating is not None and found.rating.tolist() == [4.5, 1, 3]
    assert found.time is not None and found.time.tolist() == [100, 90, 80]
    assert found.words == "user userId, item movieId, rating rating, time timestamp"


def test_columns_are_named_by_flags_in_any_order_and_dialect(tmp_path: Path):
    path = written(tmp_path, 'stars;who;"what; which"\n5;Ann;"a; b"\n2;Bob;c\n')
    found = read_ratings(path, RatingSettings(user="who", item="what; which", rating="stars"))
    assert (found.users, found.items, found.time) == (("Ann", "Bob"), ("a; b", "c"), None)


def test_a_table_without_ratings_says_what_is_liked(tmp_path: Path):
    found = read_ratings(written(tmp_path, "user,song\nAnn,x\nAnn,y\n"), USUAL)
    assert found.rating is None and found.item.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("", USUAL, "is empty"),
        ("user,item,rating\n", USUAL, "has no ratings below its names of columns"),
        ("person,item\n1,2\n", USUAL, "has no column of users, only person, item: name it with --ratings.user"),
        ("user,item\n1,2\n", RatingSettings(item="itm"), r"has no column itm \(--ratings.item\): did you mean item\?"),
        ("user,item,rating\n1,2,x\n", USUAL, "line 2 holds x under rating, and a number is needed"),
        ("user,item,rating\n1,2,nan\n", USUAL, "line 2 holds nan under rating"),
        ("user,item,rating\n1,,5\n", USUAL, "line 2 names no item"),
        ("user,item,rating\n1,2\n", USUAL, "line 2 has 2 cells and the first 3"),
        ("user,item\n1,2\n", RatingSettings(split="time"), "has no column of times, and ratings.split is time"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str, settings: RatingSettings, message: str):
    with pytest.raises(InputError, match=message) as caught:
        read_ratings(written(tmp_path, text), settings)
    assert "\n" not in str(caught.value)


def test_titles_have_their_years(tmp_path: Path):
    path = written(tmp_path, 'movieId,title,year\n1,Toy Story,1995\n2,"Kid, The (1921)",1921\n3,NA,NA\n4,Nameless,NA\n')
    assert read_titles(path) == {"1": "Toy Story (1995)", "2": "Kid, The (1921)", "4": "Nameless"}
    assert read_titles(written(tmp_path, "id,name\na,First\n")) == {"a": "First"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("movieId,genre\n1,x\n", "has no column of titles, only movieId, genre"),
        ("number,title\n1,x\n", "has no column of items, only number, title"),
    ],
)
def test_titles_need_two_columns(tmp_path: Path, text: str, message: str):
    with pytest.raises(InputError, match=message):
        read_titles(written(tmp_path, text))


def test_large_tables_are_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("aigc_tf.data.files._PIECE", 64)
    lines = [f"{user},{item},{user % 5}.5" for user in range(40) for item in range(3)]
    found = read_ratings(written(tmp_path, "user,item,rating\n" + "\n".join(lines)), USUAL)
    assert len(found.user) == 120 and found.rating is not None
    np.testing.assert_array_equal(found.rating, np.repeat(np.arange(40) % 5 + 0.5, 3))
