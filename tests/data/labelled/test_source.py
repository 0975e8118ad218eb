"""Sources of labelled texts: few labels, batches with and without evidence, the vocabulary of another run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.labelled.opening import open_source
from aigc_tf.data.labelled.source import LabelledSource
from aigc_tf.errors import InputError
from aigc_tf.recipes.classify import Classify
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.labels import LabelSettings
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.text import TextSettings


def opened(seed: int = 0, **labelled: object) -> LabelledSource:
    return open_source(dataclasses.replace(Classify.tiny(), seed=seed, labelled=LabelSettings(**labelled)))


def test_no_text_is_in_two_parts():
    source = opened()
    parts = [set(part.texts) for part in (source.train, source.validation, source.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 1152
    assert len(parts[2]) == 115 and len(parts[1]) == 51


def test_few_labels_are_kept_and_the_seed_draws_them():
    source = opened(per_class=7)
    assert np.bincount(source.train.labels + 1).tolist()[1:] == [7, 7]
    assert len(source.train) == len(opened().train)
    assert (source.validation.labels >= 0).all() and (source.test.labels >= 0).all()
    assert (opened(per_class=7).train.labels == source.train.labels).all()
    assert (opened(per_class=7, seed=1).train.labels != source.train.labels).any()
    assert source.fingerprint == opened().fingerprint


def test_texts_without_a_label_are_in_no_batch():
    source = opened(per_class=5)
    order = source.order(16, 0)
    seen = np.concatenate([order.batch_of(step)[0] for step in range(20)])
    assert (source.train.labels[seen] >= 0).all() and len(np.unique(seen)) == 10


def test_a_batch_holds_the_texts_and_their_labels():
    source = opened()
    batch = next(iter(source.batches(8, 0)))
    rows = source.order(8, 0).batch_of(0)[0]
    for row, tokens, label in zip(rows, batch["tokens"].numpy(), batch["label"].numpy(), strict=True):
        assert source.vocabulary.decode(tokens[1:][tokens[1:] >= 0]) == source.train.texts[row]
        assert label == source.train.labels[row]
    np.testing.assert_array_equal(batch["evidence"], source.train.evidence[rows])


def test_long_texts_are_cut_and_counted():
    recipe = dataclasses.replace(Classify.tiny(), text=TextSettings(unit="word", lines=True, length=4))
    source = open_source(recipe)
    assert max(map(len, source.train.tokens)) == 5
    assert any("texts are cut off after 4 tokens" in note for note in source.notes)


@pytest.fixture(scope="module")
def language_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = TextSettings(unit="word", lines=True, length=12, labelled=True, vocabulary_size=40)
    recipe = dataclasses.replace(
        GPT.tiny(), text=text, depth=1, steps=1, logging=LoggingSettings(samples_every=100, evaluate_every=100)
    )
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("gpt") / "run").path


def test_the_vocabulary_is_that_of_the_run_it_starts_from(language_model: Path):
    recipe = dataclasses.replace(Classify.tiny(), start_from=str(language_model))
    source = open_source(recipe)
    assert len(source.vocabulary) == 40 and len(open_source(Classify.tiny()).vocabulary) == 46
    assert "lacks" in source.notes[-1]


def test_weights_of_a_language_model_fit(language_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    recipe = dataclasses.replace(
        Classify.tiny(),
        start_from=str(language_model),
        steps=1,
        freeze=("sequence/token_embedding",),
        logging=LoggingSettings(samples_every=100, evaluate_every=100),
    )
    run = aigc_tf.train(recipe, tmp_path / "run")
    theirs = aigc_tf.Run.open(language_model).model.state()
    name = "model/sequence/token_embedding/embeddings"
    np.testing.assert_array_equal(run.model.state()[name].numpy(), theirs[name].numpy())
    said = capsys.readouterr().err
    assert "8 of" in said and "warning" not in said
    assert "model/sequence/query" in said and "queries_keys_values" not in said


def test_a_run_without_vocabulary_is_refused_in_one_line(tmp_path: Path):
    (tmp_path / "run").mkdir()
    for path in (tmp_path / "run", tmp_path / "nowhere"):
        with pytest.raises(InputError, match=r"start_from is .*vocabulary.json cannot be read") as error:
            open_source(dataclasses.replace(Classify.tiny(), start_from=str(path)))
        assert "\n" not in str(error.value)
