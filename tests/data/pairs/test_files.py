"""Tables, JSON Lines and parallel files of pairs: detected columns, and one-line errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigc_tf.data.pairs.files import Pair, given_pairs, read_pairs
from aigc_tf.data.text.vocabulary import refuse_half_characters
from aigc_tf.errors import InputError
from aigc_tf.recipes.seq2seq import PairSettings

PAIRS = [Pair("one", "1"), Pair('"two", he said', "2")]


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "columns"),
    [
        ("a.tsv", 'one\t1\n"two", he said\t2\n', None),
        ("a.tsv", 'source\ttarget\none\t1\n\n"two", he said\t2', None),
        ("a.tsv", 'de\ten\none\t1\n"two", he said\t2', None),
        ("a.txt", 'x\tone\t1\nx\t"two", he said\t2\n', ("2", "3")),
        ("a.tsv", '1\tone\n2\t"two", he said\n', ("2", "1")),
        ("a.tsv", 'n\tlong\tshort\n7\tone\t1\n8\t"two", he said\t2\n', ("long", "short")),
        ("a.csv", 'one,1\n"""two"", he said",2\n', None),
        ("a.csv", 'one;1\n"""two"", he said";2\n', None),
        ("a.jsonl", '{"source": "one", "target": "1"}\n{"source": "\\"two\\", he said", "target": "2"}\n', None),
        ("a.jsonl", '{"summary": "1", "id": 3, "text": "one"}\n{"text": "\\"two\\", he said", "summary": "2"}\n', None),
        ("a.jsonl", '["one", "1"]\n["\\"two\\", he said", "2"]\n', None),
        ("a.jsonl", '{"a": "one", "b": "1", "c": ""}\n{"a": "\\"two\\", he said", "b": "2"}\n', ("a", "b")),
    ],
)
def test_pairs_are_read(tmp_path: Path, name: str, text: str, columns: tuple[str, ...] | None):
    assert read_pairs(written(tmp_path, name, text), PairSettings(columns=columns)).pairs == PAIRS


def test_several_columns_are_turns(tmp_path: Path):
    path = written(tmp_path, "a.tsv", "Hello\tHi\tHow are you?\tFine\n")
    (pair,) = read_pairs(path, PairSettings(columns=("1", "2", "3", "4"))).pairs
    assert pair == ("Hello\nHi\nHow are you?", "Fine")


def test_two_files_are_read_line_by_line(tmp_path: Path):
    one, other = written(tmp_path, "a.en", "one\ntwo\n\n"), written(tmp_path, "a.zh", "一\n二\n")
    found = read_pairs(one, PairSettings(target=str(other)))
    assert found.pairs == [("one", "一"), ("two", "二")]


def test_what_is_empty_is_left_out_and_counted_and_the_most_is_read(tmp_path: Path):
    path = written(tmp_path, "a.tsv", "one\t1\n \t2\nthree\t\nfour\t4\nfive\t5\n")
    found = read_pairs(path, PairSettings(max_pairs=2))
    assert (found.pairs, found.empty, found.limited) == ([("one", "1"), ("four", "4")], 2, True)


@pytest.mark.parametrize(
    ("name", "text", "settings", "message"),
    [
        ("a.tsv", "one\t1\ntwo\n", {}, "line 2: it has 1 columns, and column 2 is needed"),
        ("a.tsv", "a\tb\tc\n", {}, "has 3 columns: say with pairs.columns which two"),
        ("a.tsv", "a\tb\n", {"columns": ("1", "3")}, "pairs.columns is 3: .* has columns 1 to 2"),
        ("a.tsv", "long\tshort\na\tb\n", {"columns": ("lang", "short")}, "no such column, did you mean long?"),
        ("a.csv", 'a,"b\n', {}, "a.csv, line 1: unexpected end of data"),
        ("a.jsonl", '{"source": "a", "target": "b"}\n{oops\n', {}, "line 2 is not JSON"),
        ("a.jsonl", '{"a": "a", "b": "b", "c": "c"}\n', {}, "line 1 has a, b, c: say with pairs.columns"),
        ("a.jsonl", '{"source": "a", "target": 3}\n', {}, "line 1 has no text under 'target'"),
        ("a.jsonl", "3\n", {}, "line 1 is neither an object nor a list"),
        ("a.tsv", "a\0b\tc\n", {}, "is not text, byte 1 is NUL"),
        ("a.tsv", " \n", {}, "is empty"),
        ("a.txt", "a\nb\n", {"target": "nowhere.txt"}, "nowhere.txt does not exist"),
    ],
)
def test_what_is_no_table_of_pairs_is_refused_in_one_line(
    tmp_path: Path, name: str, text: str, settings: dict[str, object], message: str
):
    with pytest.raises(InputError, match=message) as error:
        read_pairs(written(tmp_path, name, text), PairSettings(**settings))
    assert "\n" not in str(error.value)


def test_files_of_different_lengths_are_refused(tmp_path: Path):
    one, other = written(tmp_path, "a.txt", "one\ntwo\n"), written(tmp_path, "b.txt", "1\n")
    with pytest.raises(InputError, match=r"has 2 lines and .*b.txt 1"):
        read_pairs(one, PairSettings(target=str(other)))


def test_pairs_from_python():
    assert given_pairs([("one", "1"), [" two ", "2"]], PairSettings(), refuse_half_characters).pairs[1] == ("two", "2")
    for data, message in (("text", "data is a str"), ([("a",)], "element 1 of data"), ([("a", "\ud800")], "Unicode")):
        with pytest.raises(InputError, match=message):
            given_pairs(data, PairSettings(), refuse_half_characters)


def test_two_ways_to_name_targets_are_refused():
    with pytest.raises(InputError, match="give one of them"):
        PairSettings(columns=("1", "2"), target="b.txt")
