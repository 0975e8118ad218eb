"""Sources of pairs: the split, the vocabularies, and batches as a function of seed and step."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from aigc_tf.data.pairs.clusters import clusters
from aigc_tf.data.pairs.dates import dates
from aigc_tf.data.pairs.opening import open_source
from aigc_tf.data.pairs.vocabularies import Vocabularies
from aigc_tf.data.source import TEST_SPLIT
from aigc_tf.errors import InputError
from aigc_tf.recipes.seq2seq import Seq2SeqRecipe
from aigc_tf.recipes.summary import Summary

RANDOM = np.random.default_rng(0)
WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "lnrs"]
TEXTS = [" ".join(RANDOM.choice(WORDS, 12)) for _ in range(400)]
# Each text occurs twice, except for case and a number: both must be in the same split.
REPEATED = [(f"{text.upper()} {number}", text[:11]) for number, text in enumerate(TEXTS)]
PAIRS = [*((text, text[:11]) for text in TEXTS), *REPEATED]


def recipe(**changes: object) -> Seq2SeqRecipe:
    tiny = Summary.tiny()
    settings = dataclasses.replace(tiny.pairs, **changes)
    return dataclasses.replace(tiny, pairs=settings, copies=settings.shared)


def test_near_duplicates_are_on_one_side():
    source = open_source(recipe(source_length=80), PAIRS)
    parts = [
        {pair.source.lower()[:40] for pair in split.pairs} for split in (source.train, source.validation, source.test)
    ]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert any(
        "800 pairs are near-duplicates of others, in 400 clusters, the largest of 2" in note for note in source.notes
    )
    assert 60 <= len(source.test) <= 80 and 20 <= len(source.validation) <= 36


def test_the_split_does_not_depend_on_the_order():
    one, other = (open_source(recipe(), pairs) for pairs in (PAIRS, PAIRS[::-1]))
    assert {*one.test.pairs} == {*other.test.pairs} and {*one.train.pairs} == {*other.train.pairs}


def test_what_is_cut_off_and_left_out_is_counted():
    source = open_source(recipe(target_length=11, source_length=30), [*PAIRS, ("a long target is left out", "x" * 12)])
    notes = "\n".join(source.notes)
    assert "1 pairs are left out, their targets have more than 11 tokens" in notes
    assert "800 sources are cut off after 30 tokens" in notes
    assert source.train.lengths[:, 0].max() == 31  # the end token counts


def test_batches_are_a_function_of_seed_and_step():
    source = open_source(recipe())
    later = next(iter(source.batches(8, seed=3, first_step=5)))
    for step, batch in zip(range(6), source.batches(8, seed=3), strict=False):
        if step == 5:
            for name, values in later.items():
                np.testing.assert_array_equal(values, batch[name])
    other = next(iter(source.batches(8, seed=4, first_step=5)))
    assert any(not np.array_equal(values, other[name]) for name, values in later.items())


def test_batches_hold_pairs_of_like_length_with_their_ends():
    source = open_source(recipe())
    vocabulary = source.vocabularies.target
    known = {(pair.source, pair.target) for pair in source.train.pairs}
    for batch in source.batches(8, seed=0).take(20):
        rows, targets = batch["source"].numpy(), batch["target"].numpy()
        for one, other in zip(rows, targets, strict=True):
            row, target = one[one >= 0], other[other >= 0]
            assert row[-1] == target[0] == target[-1] == 0 and 0 not in row[:-1]
            assert (vocabulary.decode(row), vocabulary.decode(target)) in known
        lengths = (rows >= 0).sum(axis=1)
        assert lengths.max() - lengths.min() <= 3


def test_an_epoch_has_each_pair_at_most_once():
    source = open_source(recipe())
    steps = source.count // 8
    seen = [
        row.tobytes()
        for batch in source.batches(8, seed=0).take(steps)
        for row in np.pad(batch["source"], ((0, 0), (0, 30)))[:, :25]
    ]
    assert len(set(seen)) == len(seen) == steps * 8


@pytest.mark.parametrize("unit", ["character", "byte", "word", "subword"])
@pytest.mark.parametrize("shared", [True, False])
def test_vocabularies_read_back_what_they_wrote(unit: str, shared: bool):
    pairs = [(f"{text} 繁體字", text[:11]) for text in TEXTS]
    settings = {"source_length": 300, "target_length": 60, "vocabulary_size": 300}
    source = open_source(recipe(unit=unit, shared=shared, **settings), pairs)
    again = Vocabularies.from_json(source.vocabularies.to_json())
    assert again.shared == source.vocabularies.shared == shared and again.words == source.vocabularies.words
    text = source.train.pairs[0].target
    np.testing.assert_array_equal(again.targets([text])[0], source.vocabularies.targets([text])[0])
    if unit != "word":
        assert again.written(again.targets([text])[0]) == text


def test_the_first_word_is_the_same_symbol_as_within_a_text():
    source = open_source(
        recipe(unit="subword", vocabulary_size=300, target_length=60),
        [(f"{text} tal", f"tal {text[:3]}") for text in TEXTS],
    )
    (target,), (whole,) = source.vocabularies.targets(["tal"]), source.vocabularies.sources(["bal tal"])
    assert whole[-len(target) :].tolist() == target.tolist()


@pytest.mark.parametrize("text", ["no vocabulary", "{}", '{"source": 3, "target": null, "words": []}', "[1]"])
def test_what_is_no_pair_of_vocabularies_is_refused(text: str):
    with pytest.raises(InputError, match="is not a"):
        Vocabularies.from_json(text)


def test_dates_are_what_they_say_and_no_near_duplicates():
    pairs = dates()
    assert len({pair.target for pair in pairs}) == len(pairs) == 2000
    assert all(pair.target[:4] in pair.source and str(int(pair.target[-2:])) in pair.source for pair in pairs)
    assert len(set(clusters([*zip(*pairs, strict=True)]).tolist())) == 2000


def test_too_few_pairs_and_what_is_no_source_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="has 3 pairs with two texts, and at least 20 are needed"):
        open_source(recipe(), PAIRS[:3])
    with pytest.raises(InputError, match="leaves nothing to train on"):
        open_source(recipe(target_length=2), PAIRS)
    with pytest.raises(InputError, match="is a folder: name a table of pairs"):
        open_source(dataclasses.replace(recipe(), source=str(tmp_path)))
    with pytest.raises(InputError, match="does not exist: name a table of pairs"):
        open_source(dataclasses.replace(recipe(), source=str(tmp_path / "a.tsv")))


def test_a_survey_says_how_much_is_copied():
    found = open_source(recipe(source_length=80), PAIRS).overview()
    assert found.facts["copied words"].startswith("1") or int(found.facts["copied words"].split("%")[0]) > 60
    assert "near-duplicates" in found.facts and found.counts and found.examples


def test_a_set_of_tfds_has_its_own_test_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    texts = [*TEXTS[:40], " "]
    data = {
        split: tf.data.Dataset.from_tensor_slices({"en": texts[-count:], "de": [text[:9] for text in texts[-count:]]})
        for split, count in (("train", 41), ("test", 5))
    }
    features = tfds.features.FeaturesDict({"en": tfds.features.Text(), "de": tfds.features.Text()})
    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny_pairs", version="1.0.0", features=features, split_datasets=data, data_dir=tmp_path
    )
    source = open_source(dataclasses.replace(recipe(columns=("en", "de")), source="tiny_pairs"))
    assert source.test_split == TEST_SPLIT and len(source.test) == 4
    assert {pair.source for pair in source.test.pairs} == {*texts[36:40]}
    assert "en -> de" in source.notes[0]
    assert any("warning: 4 of 4 test pairs are near-duplicates of training pairs" in note for note in source.notes)
    with pytest.raises(InputError, match="two features of text are needed, and it has"):
        open_source(dataclasses.replace(recipe(columns=("en", "fr")), source="tiny_pairs"))
