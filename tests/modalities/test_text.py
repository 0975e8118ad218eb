"""Text files: round trips; the extension determines the format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.modalities.text import Text

MADE_BY = {"software": "aigc_tf", "recipe": "gpt"}
TEXTS = Text()


@pytest.mark.parametrize("value", ["one line", "two\nlines", "naïve 猫", "  indented"])
def test_a_text_is_read_as_it_was_written(value: str, tmp_path: Path):
    TEXTS.write(tmp_path / "a.txt", value, MADE_BY)
    assert TEXTS.read(tmp_path / "a.txt") == value


def test_the_form_follows_from_the_ending(tmp_path: Path):
    values = ["first", "zweiter, größer"]
    for name in ("a.txt", "a.json", "plain"):
        TEXTS.write_all(tmp_path / name, values, MADE_BY)
    assert (tmp_path / "a.txt").read_text() == (tmp_path / "plain").read_text() == "first\nzweiter, größer\n"
    assert json.loads((tmp_path / "a.json").read_text()) == MADE_BY | {"texts": values}


def test_texts_of_several_lines_have_rules_between_them():
    assert TEXTS.show(["a\nb", "c"]) == "a\nb\n---\nc" and TEXTS.show(["a", "c"]) == "a\nc"
    assert TEXTS.compare(["a", "b"], ["c", "d"]) == "a\n-> c\n\nb\n-> d"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe\x00", "UTF-16"),
        (b"\xe9t\xe9", "not in UTF-8, see line 1"),
        (b"a\0b", "byte 1 is NUL"),
        (b"", "empty"),
    ],
)
def test_files_that_are_no_text_are_refused(content: bytes, reason: str, tmp_path: Path):
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(UnreadableError, match=reason):
        TEXTS.read(tmp_path / "a.txt")
    (tmp_path / "b.txt").write_text("good")
    ((files, values),) = TEXTS.read_all(TEXTS.find([tmp_path]), at_once=5)
    assert values == ["good"] and [str(file.name) for file in files] == ["b.txt"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    (tmp_path / "a.json").write_text("old")
    with pytest.raises(TypeError):
        TEXTS.write_all(tmp_path / "a.json", [b"no text"], MADE_BY)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.json", "old")]


def test_words_on_the_command_line_are_texts_themselves(tmp_path: Path):
    assert TEXTS.parse(["one", "two words"]) == ["one", "two words"]
    assert TEXTS.values(["one"], 2) == ["one", "one"]
    with pytest.raises(InputError, match="holds no texts"):
        TEXTS.find([tmp_path])


def test_one_text_is_one_row_and_serves_for_all():
    assert TEXTS.rows("abc") == ["abc"] and TEXTS.rows(("a", "b")) == ["a", "b"]
    assert TEXTS.values("abc", 3) == ["abc"] * 3 and TEXTS.values(["a", "b", "c"], 3) == ["a", "b", "c"]
