"""The test part is disjoint from the training text; texts with nothing to learn."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf

from aigc_tf.errors import InputError
from tests.data.text.sources import documents_of, opened, text_of


def test_lines_of_the_test_part_that_stand_in_the_training_part_are_left_out(tmp_path: Path) -> None:
    lines = [f"line number {number}" for number in range(90)]
    (tmp_path / "a.txt").write_text("\n".join([*lines, *lines[:4], "a new line", "another line", "LINE  number 7"]))
    source = opened(tmp_path / "a.txt", lines=True, length=40, unit="byte")
    train, test = documents_of(source, "training"), documents_of(source, "test")
    assert not train & test and "a new line" in test
    left_out = 90 + 7 - len(train) - source.test.documents
    assert left_out >= 4
    assert any(f"{left_out} of {left_out + len(test)} lines of the test part are in" in note for note in source.notes)
    assert any(note.startswith("1 of ") and "apart from case and white space" in note for note in source.notes)


def test_what_is_left_out_of_the_test_part_changes_neither_training_nor_the_fingerprint() -> None:
    """The split is that of version 0.1, except for the test part."""
    lines = [f"line {number % 60}" for number in range(100)]
    source = opened(data="\n".join(lines), lines=True)
    assert sorted(documents_of(source, "training")) == sorted(set(lines[:90]))
    assert source.training.documents == 90
    warned = [note for note in source.notes if note.startswith("warning: 10 of 10 lines of the test part are in")]
    assert len(warned) == 1 and source.test.documents == 10  # there is no other test text
    assert not any("apart from case" in note for note in source.notes)


def test_a_file_that_comes_twice_is_on_one_side(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}.txt").write_text(f"This is file {number}, which is not like the others.\n" * 5)
    (tmp_path / "91.txt").write_bytes((tmp_path / "3.txt").read_bytes())
    source = opened(tmp_path)
    assert "file 3" in text_of(source, "training") and "file 3" not in text_of(source, "test")
    assert any("left out: 1 of 2 documents of the test part" in note for note in source.notes)


def test_where_all_documents_are_the_same_the_end_is_held_out(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.txt").write_text("the same text\n" * 5)
    source = opened(tmp_path, length=8)
    assert source.test.characters > 0 and source.test_split == "the last tenth held out"
    assert any(
        note.startswith("warning: 2 of 2 documents of the test part are in the training part") for note in source.notes
    )


def test_elements_of_a_data_set_that_are_not_utf_8_are_named() -> None:
    data = tf.data.Dataset.from_tensor_slices([b"good", b"bad \xff"])
    with pytest.raises(InputError, match="element 2 of data is not in UTF-8: invalid start byte at byte 4"):
        opened(data=data)


def test_paragraphs_that_come_again_are_counted(tmp_path: Path) -> None:
    paragraph = "This notice stands at the beginning of each chapter, and at its end.\n"
    chapters = [f"{paragraph}Chapter {number} tells of something that no other chapter has.\n" for number in range(50)]
    (tmp_path / "a.txt").write_text("".join(chapters))
    (note,) = (note for note in opened(tmp_path / "a.txt").notes if "apart from case" in note)
    assert note.startswith("5 of 10 lines of 40 characters or more of the test part are in the training part, too")
    (tmp_path / "a.txt").write_text("".join(chapters).replace(paragraph, ""))
    assert not any("apart from case" in note for note in opened(tmp_path / "a.txt").notes)


@pytest.mark.parametrize(
    ("data", "settings", "message"),
    [
        ("\ufffd" * 400, {}, "leaves nothing to train on: give more text"),
        ([], {}, "leaves nothing to train on"),
        ("", {}, "leaves nothing to train on"),
        (["   "] * 30, {"lines": True}, "leaves nothing to train on"),
        ("a" * 400, {}, "repeats one token, 'a', and there is nothing to learn"),
        ("a" * 400, {"unit": "byte"}, "repeats one token, 'a'"),
        ("ab\ud83dcd\n" * 40, {}, r"data is not Unicode: character 3 is half a character .*\\ud83d"),
        (["good", "q\udcff"], {"unit": "byte"}, "document 2 of data is not Unicode: character 2"),
        (["good", "q\udcff"], {"unit": "word"}, "document 2 of data is not Unicode"),
    ],
)
def test_text_with_nothing_to_learn_gets_one_line(data: object, settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        opened(data=data, **settings)
    assert "\n" not in str(caught.value)
    str(caught.value).encode()
