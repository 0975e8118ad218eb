"""Labelled texts from tables, folders, TFDS and Python, and their split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from aigc_tf.data.labelled.reading import Divided, read_labelled
from aigc_tf.errors import InputError
from aigc_tf.recipes.text import TextSettings
from tests.data.text.sources import documents_of, opened

WORDS = ("red", "green", "blue", "old", "new", "tall", "small", "warm", "cold", "quick")
TEXTS = [f"{a} {b} stones {c} water" for a in WORDS for b in WORDS for c in WORDS[:3]]
LABELS = ["up" if number % 3 else "down" for number in range(len(TEXTS))]


def read(source: Path | str = "auto", data: object = None, **settings: object) -> Divided:
    return read_labelled(str(source), TextSettings(**settings), data)


def labels_of(found: Divided) -> dict[str, str]:
    return dict(zip(found.found.texts, (found.classes[number] for number in found.numbers), strict=True))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.tsv"
    lines = [f"{label}\t{text}" for label, text in zip(LABELS, TEXTS, strict=True)]
    path.write_text("label\ttext\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, (label, text) in enumerate(zip(LABELS, TEXTS, strict=True)):
        place = tmp_path / "set" / label
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.txt").write_text(text.replace(" ", "\n", 1), encoding="utf-8")
    return tmp_path / "set"


def test_a_table_a_folder_and_python_give_the_same(table: Path, folder: Path):
    found = [read(table), read(folder), read(data=(TEXTS, LABELS))]
    assert all(labels_of(each) == dict(zip(TEXTS, LABELS, strict=True)) for each in found)
    assert all(each.classes == ("down", "up") for each in found)
    held_out = [set(each.texts(tested=True)) for each in found]
    assert held_out[0] == held_out[1] == held_out[2] and 20 <= len(held_out[0]) <= 30


def test_a_tab_in_a_text_is_white_space(tmp_path: Path):
    path = tmp_path / "tabs.tsv"
    path.write_text("".join(f"{label}\t{text}\tmore\n" for label, text in zip(LABELS, TEXTS, strict=True)))
    assert f"{TEXTS[0]} more" in read(path).found.texts


def test_near_duplicates_are_on_one_side(table: Path):
    """A hundred texts in three variants each: unchanged, upper case, and with other digits."""
    texts = [f"{text} {number}" for number, text in enumerate(TEXTS[:100])]
    copies = [text.upper() + "!" for text in texts]
    others = [text.rsplit(" ", 1)[0] + " 777" for text in texts]
    found = read(data=([*texts, *copies, *others], LABELS[:100] * 3))
    for kind in range(1, 3):
        assert (found.is_test[:100] == found.is_test[100 * kind : 100 * (kind + 1)]).all()
        assert (found.keys[:100] == found.keys[100 * kind : 100 * (kind + 1)]).all()
    assert 0 < found.is_test.sum() <= 30
    assert found.notes[0].startswith("300 texts are near-duplicates of others")


def test_a_folder_with_its_own_test_part_keeps_it(folder: Path):
    for part in ("train", "test"):
        for label in ("down", "up"):
            place = folder.parent / "parts" / part / label
            place.mkdir(parents=True)
            for number in range(20):
                (place / f"{number}.txt").write_text(f"{part} {label} text of number {number}")
    found = read(folder.parent / "parts")
    assert found.test_split == "test split of the data set" and found.is_test.sum() == 40
    assert all(text.startswith("test") for text in found.texts(tested=True))


def test_sets_of_tfds_with_labels_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    splits = {"train": TEXTS[:60], "test": TEXTS[60:90]}
    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny_reviews",
        version="1.0.0",
        features=tfds.features.FeaturesDict(
            {"text": tfds.features.Text(), "label": tfds.features.ClassLabel(names=["neg", "pos"])}
        ),
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices({"text": texts, "label": np.arange(len(texts)) % 2})
            for split, texts in splits.items()
        },
        data_dir=tmp_path,
    )
    found = read("tiny_reviews")
    assert set(found.texts(tested=False)) == set(TEXTS[:60]) and set(found.texts(tested=True)) == set(TEXTS[60:90])
    labels = labels_of(found)
    assert found.classes == ("neg", "pos") and [labels[text] for text in TEXTS[:3]] == ["neg", "pos", "neg"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("up\tgood\nbad without a tab\n", "line 2: expected a label, a tab and a text, and found bad without"),
        ("up\tgood\n\tno label\n", "line 2: expected a label"),
        ("up\tgood\ndown\tbad\n", "2 texts of 2 classes, and at least 20"),
        ("".join(f"up\ttext of number {number}\n" for number in range(30)), "30 texts of 1 classes"),
    ],
)
def test_what_cannot_be_used_is_one_line(content: str, message: str, tmp_path: Path):
    path = tmp_path / "wrong.tsv"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as error:
        read(path)
    assert "\n" not in str(error.value)


def test_data_of_unequal_length_is_refused():
    with pytest.raises(InputError, match="a sequence of texts and one of as many labels"):
        read(data=(TEXTS, LABELS[:-1]))
    with pytest.raises(InputError, match="no classes"):
        read(Path(__file__).parent, files="*.py")


def test_a_language_model_reads_the_texts_alone_and_holds_out_the_same(table: Path):
    source = opened(table, unit="word", lines=True, labelled=True)
    found = read(table)
    assert documents_of(source, "test") == set(found.texts(tested=True))
    assert documents_of(source, "training") == set(found.texts(tested=False))
    assert not {"up", "down", " up", " down", "\t"} & set(source.vocabulary.symbols)
