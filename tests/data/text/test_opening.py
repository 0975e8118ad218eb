"""Sources of text: reading, splitting, batches, errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.data.text.order import lines, streams, windows
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import BOUNDARY
from aigc_tf.errors import InputError
from tests.data.text.sources import documents_of, opened, text_of

STORY = "".join(f"line {number} of a story about {'cats' if number % 3 else 'dogs'}\n" for number in range(200))


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story.txt"
    path.write_text(STORY, encoding="utf-8")
    return path


def test_the_default_comes_with_python() -> None:
    source = opened()
    assert source.name == "pydoc_topics" and source.train.characters > 400_000
    assert 0.05 < source.test.characters / source.train.characters < 0.2
    assert "Python Software Foundation" in source.licence


def test_the_last_tenth_of_a_file_is_held_out_from_the_beginning_of_a_line(story: Path) -> None:
    source = opened(story)
    assert text_of(source, "training") + text_of(source, "test") == STORY
    assert source.training.characters + source.test.characters == len(STORY)
    assert 0.09 < len(text_of(source, "test")) / len(STORY) <= 0.11
    assert text_of(source, "training").endswith("\n")
    assert "last tenth" in source.test_split


def test_files_of_a_folder_are_held_out_by_their_content(tmp_path: Path) -> None:
    for number in range(60):
        folder = tmp_path / f"part{number % 3}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.txt").write_text(f"This is file {number}.\n" * 3)
    (tmp_path / "picture.png").write_bytes(b"\0\1\2")
    (tmp_path / ".hidden.txt").write_text("hidden")
    source = opened(tmp_path)
    train, test = documents_of(source, "training"), documents_of(source, "test")
    assert len(train) + len(test) == 60 and not train & test and 1 <= len(test) <= 15
    assert "hidden" not in "".join(train | test)
    (tmp_path / "part0" / "new.txt").write_text("One more file.\n")
    after = opened(tmp_path)
    assert test <= documents_of(after, "test")
    # Documents have end tokens, which the model predicts.
    assert source.vocabulary.end == BOUNDARY
    assert source.training.characters == sum(map(len, train)) + len(train)


def test_other_files_of_a_folder_can_be_chosen(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print('hello world, and more of it')\n" * 3)
    assert "print" in text_of(opened(tmp_path, files="*.py"), "train")
    with pytest.raises(InputError, match=r"holds no files \*\.txt: name others with text\.files"):
        opened(tmp_path)


def test_lines_are_documents(story: Path) -> None:
    source = opened(story, lines=True, length=40)
    assert source.training.documents + source.test.documents == 200
    assert source.vocabulary.decode(source.training.document(3)) == "line 3 of a story about dogs"
    assert "\n" not in source.vocabulary.symbols


def test_lines_that_are_too_long_are_left_out_and_counted(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("\n".join(["short", "x" * 1_000_000, "", "also short"] * 40))
    source = opened(tmp_path / "text.txt", lines=True)
    assert source.train.documents + source.test.documents == 80  # two distinct lines: no validation part
    assert any("40 lines of more than 16 tokens" in note for note in source.notes)


def test_text_can_be_given_from_python() -> None:
    for data in (STORY, [STORY], tf.data.Dataset.from_tensors(STORY)):
        assert text_of(opened(data=data), "training") == text_of(opened(data=STORY), "training")


def test_what_the_vocabulary_lacks_is_counted_in_the_validation_part_and_never_in_the_test_part() -> None:
    frequent, rare = "abcdefghijklmnopqrst" * 50, "uvwxyz" * 10
    for test in ("a" * 100, "Ä" * 100):
        source = opened(data=frequent[:855] + rare[:45] + test, vocabulary_size=16)
        (note,) = (note for note in source.notes if "vocabulary" in note)
        assert note == "45 of 45 tokens of the validation text are not in the vocabulary"


def test_line_ends_and_byte_order_marks_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_bytes("\ufeff".encode() + STORY.replace("\n", "\r\n").encode())
    assert text_of(opened(tmp_path / "text.txt"), "train").startswith("line 0 of")
    assert "\r" not in opened(tmp_path / "text.txt").vocabulary.symbols


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\n ", "is empty"),
        (b"abc\0def", "byte 3 is NUL"),
        ("naïve\nfaçade".encode("latin-1"), "not in UTF-8, see line 1"),
        ("text".encode("utf-16"), "is UTF-16: save it as UTF-8"),
        (b"a", "leaves nothing to test on: give more text"),
    ],
)
def test_a_file_that_cannot_be_used_gets_one_line(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        opened(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_unreadable_files_of_a_folder_are_counted(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.txt").write_text(f"Some text of file {number}, and more.\n")
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfa\xf0")
    with pytest.raises(InputError, match=r"1 of 31 files .* cannot be read.*0\.01.*bad\.txt"):
        opened(tmp_path)
    source = opened(tmp_path, max_unreadable=0.1)
    assert any("left out: bad.txt" in note for note in source.notes)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.txt", "nowhere.txt does not exist: name a text file"),
        ("", "source is empty: name a text file"),
        ("tiny_shakespear", "closest names: tiny_shakespeare"),
        ("mnist", "no feature of text, only image, label"),
    ],
)
def test_a_name_that_cannot_be_used_gets_one_line(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        opened(name)


def test_too_little_text_for_a_batch_is_said(story: Path) -> None:
    with pytest.raises(InputError, match=r"lower text\.length \(4000\)"):
        opened(story, length=4000).batches(1, 0)
    with pytest.raises(InputError, match=r"lower text\.length \(100\) or batch_size \(100\)"):
        opened(story, length=100, consecutive=True).batches(100, 0)


def test_windows_cover_an_epoch_once_and_do_not_overlap() -> None:
    batch = windows(np.arange(1000, dtype=np.int32), length=7, batch_size=5, seed=3)
    count = (1000 - 1 - 6) // 7
    found = np.concatenate([batch(step)[0] for step in range(count // 5 + 1)])[:count]
    assert found.shape == (count,) and found.min() >= 0 and found.max() + 7 < 1000  # the last target is within the text
    firsts = np.sort(found)
    assert (np.diff(firsts) == 7).all()
    # The next epoch has other window boundaries, and another order.
    later = np.concatenate([batch(step)[0] for step in range(count // 5 + 1, 2 * (count // 5))])
    assert later[0] % 7 != firsts[0] % 7 or not np.array_equal(later[:5], found[:5])


def test_streams_go_on_where_they_ended() -> None:
    batch = streams(np.arange(1000, dtype=np.int32), length=7, batch_size=5, seed=3)
    steps = (1000 - 1 - 6) // 35
    before = np.zeros(5, np.int64)
    for step in range(2 * steps):
        begins, continues = batch(step)
        assert continues == (step % steps > 0)
        if continues:
            np.testing.assert_array_equal(begins, before)
        before = begins + 7
        assert before.max() < 1000
    inputs = np.concatenate([(batch(step)[0][:, None] + np.arange(7)).ravel() for step in range(steps)])
    assert len(set(inputs)) == len(inputs) == steps * 35


def test_windows_are_read_where_they_begin() -> None:
    source = opened(data=STORY, length=16)
    begins = source.order(4, 0).rows(tf.constant(2, tf.int64)).examples.numpy()
    batch = next(source.batches(4, 0, first_step=2).as_numpy_iterator())
    wanted = [source.train.tokens[begin : begin + 17] for begin in begins]
    np.testing.assert_array_equal(batch["tokens"], wanted)
    assert not batch["continues"]


def test_lines_of_like_length_share_a_batch() -> None:
    rng = np.random.default_rng(0)
    data = "\n".join("x" * length for length in rng.integers(1, 40, 500))
    source = opened(data=data, lines=True, length=40)
    batch = lines(source.train, batch_size=10, seed=0)
    count = source.train.documents // 10
    chosen = np.concatenate([batch(step)[0] for step in range(count)])
    assert len(set(chosen)) == len(chosen) == count * 10
    batches = [element["tokens"] for element in source.batches(10, 0).take(count).as_numpy_iterator()]
    padding = np.mean([np.mean(rows == PADDING) for rows in batches])
    assert padding < 0.1
    for rows in batches:
        assert (rows[:, 0] == BOUNDARY).all()
        assert ((rows == BOUNDARY).sum(axis=1) == 2).all()  # before and after the line
        assert ((rows[:, :-1] == PADDING) <= (rows[:, 1:] == PADDING)).all()  # padding comes last
    lengths = np.concatenate([(rows >= 0).sum(axis=1) for rows in batches])
    np.testing.assert_array_equal(lengths, [len(source.train.document(index)) + 2 for index in chosen])


@pytest.mark.parametrize("settings", [{}, {"consecutive": True}, {"lines": True, "length": 40}])
def test_a_batch_depends_on_seed_and_step_alone(settings: dict, story: Path) -> None:
    source = opened(story, **settings)

    def batches(seed: int, count: int, first_step: int = 0) -> list[dict[str, np.ndarray]]:
        return [*source.batches(4, seed, first_step).take(count).as_numpy_iterator()]

    whole = batches(0, 60)
    for first, second in zip(whole[50:], batches(0, 10, first_step=50), strict=True):
        np.testing.assert_array_equal(first["tokens"], second["tokens"])
        assert first["continues"] == second["continues"]
    (other,) = batches(1, 1)
    first, second = whole[0]["tokens"], other["tokens"]
    assert first.shape != second.shape or not np.array_equal(first, second)
    assert any(batch["continues"] for batch in whole) == bool(settings.get("consecutive"))


def test_the_fingerprint_is_that_of_the_content(story: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.txt"
    copy.write_text(STORY)
    assert opened(story).fingerprint == opened(copy).fingerprint
    copy.write_text(STORY.replace("cats", "bats"))
    assert opened(story).fingerprint != opened(copy).fingerprint
