"""Text data sets from TFDS: the text feature, and the amount that is read."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from aigc_tf.errors import InputError
from tests.data.text.sources import documents_of, opened, text_of


def store_texts(folder: Path, features: tuple[str, ...], **splits: list[str]) -> None:
    """Write a TFDS data set `tiny_texts`, with texts in the last of `features`, and titles in the others."""
    data = {
        split: tf.data.Dataset.from_tensor_slices(
            {name: texts if name == features[-1] else ["A title"] * len(texts) for name in features}
            | {"label": list(range(len(texts)))}
        )
        for split, texts in splits.items()
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny_texts",
        version="1.0.0",
        features=tfds.features.FeaturesDict({"label": tf.int64} | dict.fromkeys(features, tfds.features.Text())),
        split_datasets=data,
        data_dir=folder,
    )


TEXTS = [f"Training text {number}, naïve." for number in range(100)]


@pytest.fixture
def data_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("splits", "held_out"),
    [({"train": TEXTS, "test": ["Test text."] * 3}, "test split of the data set"), ({"train": TEXTS}, "10 %")],
)
def test_text_sets_of_tfds_are_read(splits: dict[str, list[str]], held_out: str, data_sets: Path) -> None:
    store_texts(data_sets, ("text",), **splits)
    source = opened("tiny_texts")
    train = documents_of(source, "training")
    assert train <= set(TEXTS) and len(train) >= 80
    assert source.test_split.startswith(held_out)
    assert source.notes[0].endswith("tokens (character), feature text")


def test_of_several_features_of_a_text_set_it_takes_the_text(data_sets: Path) -> None:
    store_texts(data_sets, ("title", "text"), train=TEXTS)
    assert documents_of(opened("tiny_texts"), "training") <= set(TEXTS)
    source = opened("tiny_texts", feature="title")
    assert "A title" in text_of(source, "training") and source.notes[0].endswith("feature title")
    with pytest.raises(InputError, match=r"no text in a feature label .*: choose one of text, title"):
        opened("tiny_texts", feature="label")


def test_a_choice_of_features_that_is_not_clear_is_refused(data_sets: Path) -> None:
    store_texts(data_sets, ("question", "answer"), train=TEXTS)
    with pytest.raises(InputError, match=r"several features of text, answer, question: say which with --text\.feature"):
        opened("tiny_texts")
    assert "Training text" in text_of(opened("tiny_texts", feature="answer"), "train")


def test_a_text_set_is_read_up_to_the_limit(data_sets: Path) -> None:
    store_texts(data_sets, ("text",), train=TEXTS, test=["Test text."] * 3)
    source = opened("tiny_texts", max_bytes=sum(len(text.encode()) for text in TEXTS[:40]))
    assert source.training.documents == 40 and source.test.documents == 3
    assert source.notes[0].endswith("feature text, the first 40 of 100 examples (text.max_bytes)")


def test_test_texts_of_a_set_that_stand_in_its_training_part_are_counted(data_sets: Path) -> None:
    store_texts(data_sets, ("text",), train=TEXTS, test=[*TEXTS[:2], "Test text."])
    source = opened("tiny_texts")
    assert source.test.documents == 3
    assert any(note.startswith("warning: 2 of 3 documents of the test part are in") for note in source.notes)
