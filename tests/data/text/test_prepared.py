"""Large texts: read in chunks, cached as token ids, within a limit."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from aigc_tf.data import files
from aigc_tf.data.text import prepared, split, vocabulary
from aigc_tf.data.text.documents import spread
from aigc_tf.data.text.source import TextSource
from aigc_tf.errors import UnavailableError
from tests.data.text.sources import opened

STORY = "".join(
    f"line {number} of  a story, naïve 诗 {'🐈' * (number % 2)} about {'cats' if number % 3 else 'dogs'}\r\n"
    for number in range(300)
)
FORMS = {
    "characters": {},
    "bytes": {"unit": "byte"},
    "words": {"unit": "word"},
    "subwords": {"unit": "subword", "vocabulary_size": 300},
    "lines": {"lines": True, "length": 48},
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIGC_TF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "text"


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_PIECE", 97)
    monkeypatch.setattr(vocabulary, "_AT_ONCE", 61)
    monkeypatch.setattr(split, "_BLOCK", 53)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "_LARGE", 1)


@pytest.fixture(params=["file", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "file":
        (tmp_path / "story.txt").write_bytes(b"\xef\xbb\xbf" + STORY.encode())
        return tmp_path / "story.txt"
    (tmp_path / "texts").mkdir()
    for number in range(40):
        (tmp_path / "texts" / f"{number:02}.txt").write_text(f"The text number {number}.\n{STORY[: number * 50]}")
    return tmp_path / "texts"


def content(source: TextSource) -> list[object]:
    """Everything that determines the equality of two sources."""
    parts = [source.train, source.validation, source.test]
    batches = [element["tokens"].tolist() for element in source.batches(4, 0).take(3).as_numpy_iterator()]
    return [
        source.vocabulary.to_json(),
        source.fingerprint,
        [note for note in source.notes if "apart from case" not in note],  # chunks as small as lines split these
        source.describe(),
        *((part.tokens.tolist(), part.starts.tolist(), part.characters, part.is_end) for part in parts),
        batches,
        [batch["tokens"].tolist() for batch in source.held_out("test", 5)],
    ]


@pytest.mark.parametrize("form", FORMS)
def test_pieces_make_the_text_that_the_whole_makes(form: str, place: Path, request: pytest.FixtureRequest):
    whole = content(opened(place, **FORMS[form]))
    request.getfixturevalue("small_pieces")
    assert content(opened(place, **FORMS[form])) == whole


@pytest.mark.parametrize("form", FORMS)
def test_the_second_start_reads_what_the_first_kept(
    form: str, place: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, cache: Path
):
    in_memory = content(opened(place, **FORMS[form]))
    assert not cache.exists()
    request.getfixturevalue("kept")
    assert content(opened(place, **FORMS[form])) == in_memory
    monkeypatch.setattr(files, "_decoded", None)  # reading the text would fail
    again = opened(place, **FORMS[form])
    assert content(again) == in_memory
    assert again.train.tokens.dtype == np.uint16 and isinstance(again.test.tokens, np.memmap)
    (entry,) = cache.iterdir()
    assert json.loads((entry / "record.json").read_text())["about"].startswith(str(place))
    assert sorted(path.name for path in entry.iterdir()) == [
        "index.npz",
        "record.json",
        "test",
        "train",
        "vocabulary.json",
    ]


def test_another_file_form_or_time_is_prepared_anew(place: Path, kept: None, cache: Path):
    first = opened(place)
    opened(place, length=20)  # the same text
    assert len(list(cache.iterdir())) == 1
    opened(place, unit="byte")
    assert len(list(cache.iterdir())) == 2
    file = place if place.is_file() else place / "07.txt"
    file.write_text(file.read_text() + "more, and more of it\n")
    assert opened(place).fingerprint != first.fingerprint
    assert len(list(cache.iterdir())) == 3


@pytest.mark.parametrize("damage", ["train", "record.json", "vocabulary.json", "index.npz"])
def test_a_damaged_entry_is_made_again(damage: str, place: Path, kept: None, cache: Path):
    whole = content(opened(place))
    (entry,) = cache.iterdir()
    (entry / damage).write_bytes((entry / damage).read_bytes()[:20])
    assert content(opened(place)) == whole
    assert content(opened(place)) == whole


def test_an_entry_that_cannot_be_read_now_stays(place: Path, kept: None, cache: Path, monkeypatch: pytest.MonkeyPatch):
    whole = opened(place)
    before = sorted(cache.rglob("*"))

    def unavailable(path: Path) -> None:
        raise UnavailableError(f"{path} cannot be read at the moment: Input/output error; it is left as it is")

    monkeypatch.setattr(prepared, "read_arrays", unavailable)
    without = opened(place)
    assert without.notes[-1].endswith("index.npz cannot be read at the moment: Input/output error; it is left as it is")
    assert without.fingerprint == whole.fingerprint and sorted(cache.rglob("*")) == before


def test_a_cache_without_room_is_said(place: Path, kept: None, monkeypatch: pytest.MonkeyPatch):
    whole = opened(place)
    monkeypatch.setenv("AIGC_TF_CACHE_LIMIT", "0")
    (place if place.is_file() else place / "07.txt").touch()
    without = opened(place)
    assert "encoded again at every start" in without.notes[-1] and "AIGC_TF_CACHE_LIMIT" in without.notes[-1]
    assert without.fingerprint == whole.fingerprint


def test_texts_and_pictures_have_one_limit(place: Path, kept: None, cache: Path, monkeypatch: pytest.MonkeyPatch):
    pictures = cache.with_name("images") / "entry"
    pictures.mkdir(parents=True)
    (pictures / "train").write_bytes(bytes(10**6))
    os.utime(pictures, (0, 0))
    opened(place)
    assert pictures.exists()
    monkeypatch.setenv("AIGC_TF_CACHE_LIMIT", "0.001")
    opened(place, unit="byte")
    assert not pictures.exists() and len(list(cache.iterdir())) == 2


def test_only_so_much_of_a_file_is_read(tmp_path: Path):
    (tmp_path / "story.txt").write_text(STORY)
    size = (tmp_path / "story.txt").stat().st_size
    source = opened(tmp_path / "story.txt", max_bytes=1000)
    assert source.notes[0].endswith(f"the first 1,000 of {size:,} bytes (text.max_bytes)")
    text = source.vocabulary.decode([*source.training.tokens, *source.test.tokens])
    assert STORY.replace("\r\n", "\n").startswith(text) and 950 < len(text.encode()) <= 1000
    assert "max_bytes" not in opened(tmp_path / "story.txt", max_bytes=size).notes[0]


@pytest.mark.parametrize(("limit", "read"), [(9, "one two "), (13, "one two three"), (14, "one two three")])
def test_a_word_is_cut_off_only_where_the_file_goes_on(limit: int, read: str, tmp_path: Path):
    (tmp_path / "a.txt").write_text("one two three")
    assert "".join(files.text_pieces(tmp_path / "a.txt", limit)) == read


def test_only_so_much_of_a_folder_is_read_and_evenly_spread(tmp_path: Path):
    for number in range(100):  # 30 bytes each
        (tmp_path / f"{number:03}.txt").write_text(f"This is file with number {number:03}.\n")
    source = opened(tmp_path, max_bytes=30 * 27)
    assert source.notes[0].endswith("27 of 100 files, evenly spread, 810 of 3,000 bytes (text.max_bytes)")
    parts = (source.training, source.test)
    texts = [source.vocabulary.decode(part.document(row)) for part in parts for row in range(part.documents)]
    numbers = sorted(int(text.split()[-1].strip(".")) for text in texts)
    assert numbers[0] < 10 and numbers[-1] >= 95 and max(np.diff(numbers)) <= 5


@pytest.mark.parametrize(
    ("sizes", "limit", "total"), [([5, 5, 5, 5], 10, 10), ([10, 10, 10], 10, 10), ([1, 10, 1, 1], 5, 2), ([3, 3], 6, 6)]
)
def test_files_are_chosen_within_the_limit(sizes: list[int], limit: int, total: int):
    found = np.array(sizes)
    assert found[spread(np.minimum(found, limit), limit)].clip(max=limit).sum() == total


def test_what_is_read_at_once_does_not_grow_with_the_text(tmp_path: Path, kept: None):
    import tracemalloc

    peaks = []
    for number, lines in enumerate((30_000, 240_000)):
        path = tmp_path / f"{number}.txt"
        path.write_text("".join(f"{line} The quick fox jumps over the lazy dog, again.\n" for line in range(lines)))
        tracemalloc.start()
        opened(path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        path.unlink()
    assert peaks[1] < 100e6 and peaks[1] < 2.5 * peaks[0], peaks
