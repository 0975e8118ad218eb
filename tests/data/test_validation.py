"""The validation part is split off the training part; nothing else changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from aigc_tf.data.images import opening as images
from aigc_tf.data.images import splits
from aigc_tf.data.images.source import ImageSource, Split, Subset
from aigc_tf.data.order import Poisson
from aigc_tf.data.series import opening as series
from aigc_tf.data.source import NO_VALIDATION, Source, evenly, validation_count
from aigc_tf.data.text import opening as text
from aigc_tf.data.text.source import TextSource
from aigc_tf.data.text.split import TextSplit
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.conv_vae import ConvVAE
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.series import SeriesSettings
from aigc_tf.recipes.text import TextSettings
from tests.sources import source_of

STORY = "".join(f"line {number} of a story about {'cats' if number % 3 else 'dogs'}\n" for number in range(200))
DOCUMENTS = [f"This is document {number}." for number in range(100)]


def test_a_twentieth_is_held_out_and_never_too_much_or_all():
    counts = {0: 0, 1: 0, 2: 1, 19: 1, 40: 2, 59: 2, 1000: 50, 49_999: 2499, 50_000: 2500, 10**7: 2500}
    assert {examples: validation_count(examples) for examples in counts} == counts


def noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 2, 2, 1), np.uint8)


def keys(pictures: np.ndarray) -> list[bytes]:
    return [np.asarray(picture).tobytes() for picture in pictures]


# Images.


def test_images_are_on_one_side_and_together_the_training_part():
    whole = source_of(noise(1000), np.arange(1000) % 7, class_names=tuple("abcdefg"))
    source = whole.validated()
    train, validation = keys(source.train.images), keys(source.validation.images)
    assert len(validation) == 50 and not set(train) & set(validation)
    assert sorted(train + validation) == sorted(keys(whole.train.images))
    labels = dict(zip(keys(whole.train.images), whole.train.labels, strict=True))
    for split in (source.train, source.validation):
        assert [labels[key] for key in keys(split.images)] == list(split.labels)
    assert source.training is whole.train and source.test is whole.test
    assert source.validation_split == "50 of the training images, by content hash"
    assert (source.describe()["training images"], source.describe()["validation images"]) == (950, 50)
    seen = {tuple(batch["image"].ravel()) for batch in source.batches(1, 0).take(950).as_numpy_iterator()}
    assert len(seen) == 950  # batches contain only the remaining images


def test_the_side_of_an_image_does_not_follow_from_its_place():
    pictures = noise(1000)
    forwards, backwards = (source_of(order).validated() for order in (pictures, pictures[::-1]))
    assert set(keys(forwards.validation.images)) == set(keys(backwards.validation.images))


def test_what_is_chosen_by_is_no_sample_of_the_test_part(tmp_path: Path):
    """It uses another hash: validation images are not simply those with hashes next to the test part's."""
    pictures = noise(1000)
    source = images.open_source(ConvVAE(images=ImageSettings(height=4, width=4)), pictures.repeat(2, 1).repeat(2, 2))
    digests = [int.from_bytes(digest[:8]) for digest in splits.digests_of(np.asarray(source.training.images))]
    chosen = set(keys(source.validation.images))
    places = [key in chosen for key in keys(source.training.images)]
    ranks = np.argsort(np.argsort(digests))[places]
    assert 0.3 < ranks.mean() / len(digests) < 0.7


def test_a_folder_with_duplicates_has_equal_images_on_one_side(tmp_path: Path):
    for number in range(300):
        level = number % 100  # three times each
        Image.fromarray(np.full((4, 4), level, np.uint8)).save(tmp_path / f"{number}.png")
    source = images.open_source(ConvVAE(source=str(tmp_path), images=ImageSettings(height=4, width=4)))
    parts = (source.train, source.validation, source.test)
    sides = [{int(image[0, 0, 0]) for image in split.images} for split in parts]
    assert sum(map(len, sides)) == 100 == len(set().union(*sides))
    count = validation_count(len(source.training.images))
    assert count - 3 < len(source.validation.images) <= count
    assert f"{len(source.validation.images)} to validate on" in source.notes[0]


def test_one_image_that_is_there_many_times_is_trained_on_and_others_are_held_out():
    pictures = np.concatenate([noise(60), np.zeros((940, 2, 2, 1), np.uint8)])
    for black in range(256):  # for any hash of the frequent one
        pictures[60:] = black
        source = source_of(pictures).validated()
        assert len(source.validation.images) == 50 and (np.asarray(source.validation.images) != black).any()
        assert len(source.train.images) == 950


def test_memory_mapped_images_are_not_copied(tmp_path: Path):
    pictures = noise(1000)
    pictures.tofile(tmp_path / "images")
    mapped = np.memmap(tmp_path / "images", np.uint8, "r", shape=pictures.shape)
    source = source_of(mapped).validated()
    assert isinstance(source.train.images, Subset) and source.train.images.array is mapped
    assert not isinstance(source.validation.images, np.memmap) and len(source.validation.images) == 50
    in_memory = source_of(pictures).validated()
    for one, other in zip(source.batches(8, 1).take(5), in_memory.batches(8, 1).take(5), strict=True):
        np.testing.assert_array_equal(one["image"], other["image"])
    assert source.fingerprint == in_memory.fingerprint


def test_held_out_batches_are_spread_over_their_part():
    source = source_of(noise(1000), np.arange(1000) % 3, labelled=True).validated()
    for part, split in (("train", source.train), ("validation", source.validation), ("test", source.test)):
        batches = list(source.held_out(part, 600))
        rows = evenly(len(split.images), 600)
        for name, expected in (("image", images.to_unit(split.images[rows])), ("label", split.labels[rows])):
            np.testing.assert_array_equal(np.concatenate([batch[name] for batch in batches]), expected)


@given(st.integers(0, 500), st.integers(0, 600))
def test_examples_are_taken_evenly_and_as_many_as_asked_for(available: int, count: int):
    """Evenly from first to last; with examples sorted by class, all classes alike."""
    chosen = evenly(available, count)
    assert len(np.unique(chosen)) == len(chosen) == min(available, count)
    if len(chosen) > 1:
        assert (chosen[0], chosen[-1]) == (0, available - 1) and np.ptp(np.diff(chosen)) <= 1
    split = Split(np.zeros((available, 1, 1, 1), np.uint8), np.arange(available)).some(count)
    assert len(split.images) == len(split.labels) == len(chosen) and list(split.labels) == list(chosen)


# Text.


def opened_text(data: Any, **settings: Any) -> TextSource:
    return text.open_source(CharRNN(text=TextSettings(**{"length": 16} | settings)), data)


def documents(source: TextSource, split: TextSplit) -> list[str]:
    return [source.vocabulary.decode(split.document(index)) for index in range(split.documents)]


@pytest.mark.parametrize(("data", "settings"), [(DOCUMENTS, {}), ("\n".join(DOCUMENTS), {"lines": True, "length": 30})])
def test_documents_and_lines_are_on_one_side_and_together_the_training_part(data: Any, settings: dict):
    source = opened_text(data, **settings)
    train, validation, test = (documents(source, part) for part in (source.train, source.validation, source.test))
    assert sorted(train + validation) == sorted(documents(source, source.training))
    assert sorted(train + validation + test) == sorted(DOCUMENTS)
    assert len(validation) == validation_count(source.training.documents) == source.validation.documents
    assert source.validation.characters == sum(map(len, validation)) + len(validation)  # end tokens are predicted, too
    assert source.train.characters + source.validation.characters == source.training.characters
    assert source.validation_split == f"{len(validation)} of the training documents, by content hash"
    assert f"{source.validation.characters} to validate on" in source.notes[0]


def test_equal_lines_are_on_one_side():
    lines = [f"line {number % 50}" for number in range(400)]
    source = opened_text("\n".join(lines), lines=True)
    train, validation = (set(documents(source, part)) for part in (source.train, source.validation))
    assert validation and not train & validation


def test_of_one_long_text_the_end_of_the_training_part_is_held_out():
    source = opened_text(STORY)
    decode = source.vocabulary.decode
    # A part starts with the token before it, the input for the first target.
    train, validation, test = (decode(part.tokens[1:]) for part in (source.train, source.validation, source.test))
    assert STORY.startswith(train) and STORY.startswith(train + validation) and STORY.endswith(test)
    assert train + validation == decode(source.training.tokens[1:])
    assert len(validation) == round(0.05 * source.training.symbols) == source.validation.symbols
    assert (source.train.characters, source.validation.characters) == (len(train), len(validation))
    assert source.validation.tokens[0] == source.train.tokens[-1]
    assert source.validation_split == f"the last {len(validation)} tokens of the training text"


def test_no_document_is_empty_where_the_end_begins_with_one():
    """For cuts after a document, inside one, or before its last token."""
    for length in range(80, 100):
        source = opened_text(["x" * length, "y" * 6, "z" * 20])
        parts = [*documents(source, source.train), *documents(source, source.validation)]
        assert all(parts) and "".join(parts) == "".join(documents(source, source.training))


# Series.


def test_the_last_of_the_training_time_is_held_out():
    values = np.random.default_rng(0).standard_normal((1000, 2)).cumsum(0)
    source = series.open_source(AR(series=SeriesSettings(length=3)), values)
    assert (len(source.train), len(source.validation), len(source.test)) == (760, 40, 200)
    np.testing.assert_array_equal(np.concatenate([source.train, source.validation, source.test]), values)
    np.testing.assert_array_equal(source.training, values[:800])
    assert source.validation_split == "the last 40 steps of the training time"
    assert source.scaling.mean == pytest.approx(values[:800].mean(0))
    windows = source.windows_of("validation", 1000)
    np.testing.assert_allclose(source.scaling.restore(windows[0]), values[760:764], atol=1e-4)
    assert len(windows) == 40 - 4 + 1


def test_a_window_of_a_series_is_held_out_at_least():
    source = series.open_source(AR(series=SeriesSettings(length=19)), np.random.default_rng(0).standard_normal(200))
    assert (len(source.train), len(source.validation)) == (140, 20)  # 5 % of 160 steps would be 8


# All sources.

SOURCES = {
    "images": lambda: source_of(noise(200)),
    "documents": lambda: opened_text(DOCUMENTS),
    "one text": lambda: opened_text(STORY),
    "lines": lambda: opened_text(STORY, lines=True, length=40),
    "series": lambda: series.open_source(AR(), np.random.default_rng(0).standard_normal(1000)),
}


def whole(source: Source) -> Source:
    """The same source without a validation part."""
    if source.validation is None:
        return source
    fields = {"uncut": None} if hasattr(source, "settings") or isinstance(source, ImageSource) else {}
    return dataclasses.replace(source, train=source.training, validation=None, **fields)


@pytest.mark.parametrize("kind", SOURCES)
def test_the_fingerprint_is_the_same_with_and_without(kind: str):
    without = whole(SOURCES[kind]())
    source = without.validated()
    assert source.validation is not None and source.train is not without.train
    assert source.fingerprint == without.fingerprint
    assert source.watched is source.validation is source.part("validation")
    assert without.watched is without.train is without.part("validation")


@pytest.mark.parametrize("kind", SOURCES)
def test_it_is_cut_off_once(kind: str):
    source = whole(SOURCES[kind]()).validated()
    again = source.validated()
    assert (again.count, again.validation_split) == (source.count, source.validation_split)
    assert again.fingerprint == source.fingerprint


@pytest.mark.parametrize("kind", SOURCES)
def test_recipes_that_choose_by_the_training_part_cut_nothing(kind: str):
    without = whole(SOURCES[kind]())
    assert DCGAN.chosen_on == "train" and without.for_recipe(DCGAN.tiny()) is without
    assert without.validation_split == NO_VALIDATION
    assert ConvVAE.chosen_on == "validation" and without.for_recipe(ConvVAE.tiny()).validation is not None


def test_a_recipe_decides_what_is_cut_off_its_images():
    pictures = noise(200).repeat(8, 1).repeat(8, 2)
    assert images.open_source(DCGAN.tiny(), pictures).validation is None
    source = images.open_source(ConvVAE.tiny(), pictures)
    assert len(source.validation.images) == validation_count(len(source.training.images)) > 0


@pytest.mark.parametrize(
    ("source", "sizes"),
    [
        (lambda: source_of(noise(1)), (1, 0)),
        (lambda: source_of(noise(2)), (1, 1)),
        (lambda: source_of(np.zeros((2, 2, 2, 1), np.uint8)), (2, 0)),
        (lambda: source_of(np.zeros((500, 2, 2, 1), np.uint8)), (500, 0)),
        (lambda: opened_text("one\ntwo", lines=True), (1, 0)),
        (lambda: opened_text("\n".join(["same"] * 40), lines=True), (35, 0)),
        (lambda: opened_text("one text that is short"), (1, 1)),
        (lambda: series.open_source(AR(series=SeriesSettings(length=1)), np.arange(10.0)), (6, 2)),
    ],
)
def test_tiny_sources_can_be_used(source: Any, sizes: tuple[int, int]):
    found = source().validated()

    def size(split: Any) -> int:
        if split is None:
            return 0
        return len(split.images) if isinstance(split, Split) else getattr(split, "documents", None) or len(split)

    assert (size(found.train), size(found.validation)) == sizes
    assert list(found.held_out("validation", 10)) and found.describe()["validation split"]
    assert (found.validation_split == NO_VALIDATION) == (sizes[1] == 0)


def test_poisson_batches_are_of_what_is_left():
    source = dataclasses.replace(source_of(noise(100)).validated(), poisson=Poisson(1.0, 1))
    (batch,) = next(source.batches(1, 0).as_numpy_iterator())
    assert len(batch["image"]) == 95
