"""Explanations of, and attacks on, text classifiers."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.classes import ClassNames
from aigc_tf.data.labelled.evidence import Evidence
from aigc_tf.data.labelled.source import LabelledSplit
from aigc_tf.data.text.vocabulary import UNKNOWN, Vocabulary
from aigc_tf.families.text.classification.model import TextClassifier
from aigc_tf.recipes.classify import Classify
from aigc_tf.trust.fidelity import check
from aigc_tf.trust.texts import JudgedText
from aigc_tf.trust.words import GREEDY, NEIGHBOURS, RANDOM, SHARES, attack, neighbours, word_attack

WORDS = Vocabulary("word", ("", "\ufffd", *(f" w{number}" for number in range(30))))
NUMBERS = np.random.default_rng(0)
TOKENS = np.array([0, 5, 9, 2, 30, 17, 4, 11, 8, 7], np.int32)


@pytest.fixture(scope="module")
def model() -> TextClassifier:
    """A classifier of three classes with random weights, dominated by the evidence of single words."""
    recipe = dataclasses.replace(Classify.tiny(), evidence=8)
    tables = Evidence(4 * NUMBERS.standard_normal((len(WORDS), 3)).astype("f"), np.zeros((8, 3), "f"))
    keras.utils.set_random_seed(0)
    made = aigc_tf.create(recipe, vocabulary=WORDS, classes=ClassNames(("a", "b", "c")), evidence=tables)
    for weight in made.trainable_variables:
        weight.assign(weight.numpy() + NUMBERS.normal(0, 0.1, weight.shape))
    return made


def test_a_text_is_judged_as_the_model_does_and_keeps_its_start(model: TextClassifier):
    judged = JudgedText(model)
    case = judged.case(TOKENS)
    (probabilities,) = model.probabilities_of([TOKENS])
    assert case.label == probabilities.argmax()
    assert judged.values(TOKENS[None], case.label) == pytest.approx([probabilities.max()], abs=1e-5)
    assert list(case.reference) == [TOKENS[0], *[UNKNOWN] * (len(TOKENS) - 1)]


def test_occlusion_is_what_a_word_made_unknown_costs(model: TextClassifier):
    judged = JudgedText(model)
    case = judged.case(TOKENS)
    found = judged.methods()["occlusion"](case)
    without = TOKENS.copy()
    without[4] = UNKNOWN
    before, after = model.probabilities_of([TOKENS, without])[:, case.label]
    assert found[4] == pytest.approx(before - after, abs=1e-5) and found[0] == 0


def test_evidence_is_shuffled_too_and_put_back(model: TextClassifier):
    judged = JudgedText(model)
    case = judged.case(TOKENS)
    before = judged.values(TOKENS[None], case.label)
    with judged.shuffled(0) as layers:
        names = list(layers)
        assert names[-2:] == ["symbol_evidence", "pair_evidence"] and len(names) > 4
        assert abs(judged.values(TOKENS[None], case.label) - before) > 0.01
    assert judged.values(TOKENS[None], case.label) == pytest.approx(before)


def test_gradients_name_the_words_that_decide(model: TextClassifier):
    judged = JudgedText(model)
    cases = [judged.case(np.append(0, NUMBERS.integers(2, len(WORDS), 12)).astype(np.int32)) for _ in range(12)]
    found = check(judged, judged.methods(), cases, shuffled=2, with_edges=False)
    assert not found.methods["integrated gradients"].faults and not found.methods["occlusion"].faults
    assert set(found.beside) == {"random positions"}


def test_neighbours_are_words_with_like_vectors(model: TextClassifier):
    found = neighbours(model)
    embedding = next(layer for layer in model.networks.sequence.layers if isinstance(layer, keras.layers.Embedding))
    vectors = embedding.get_weights()[0]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = vectors[7] @ vectors.T
    likeness[[0, UNKNOWN, 7]] = -2
    assert list(found[7]) == list(np.argsort(-likeness)[:NEIGHBOURS])
    assert found.min() > UNKNOWN and not (found == np.arange(len(WORDS))[:, None]).any()


def test_an_attack_swaps_few_words_for_neighbours(model: TextClassifier):
    label, near = int(model.probabilities_of([TOKENS])[0].argmax()), neighbours(model)
    found = attack(model, TOKENS, label, near)
    changed = np.flatnonzero(found.tokens != TOKENS)
    assert 0 not in changed and all(found.tokens[place] in near[TOKENS[place]] for place in changed)
    assert len(changed) <= SHARES[-1] * len(TOKENS)
    wrong = model.probabilities_of([found.tokens])[0].argmax() != label
    assert wrong == np.isfinite(found.swaps)
    assert attack(model, TOKENS, (label + 1) % 3, near).swaps == 0  # wrong before any swap


def test_accuracy_falls_with_the_share_and_faster_than_at_random(model: TextClassifier):
    rows = [np.append(0, NUMBERS.integers(2, len(WORDS), 11)).astype(np.int32) for _ in range(20)]
    labels = model.probabilities_of(rows).argmax(axis=1).astype(np.int32)
    labels[:4] = (labels[:4] + 1) % 3
    part = LabelledSplit(["" for _ in rows], labels, np.arange(20, dtype=np.uint64), rows)
    found = word_attack(model, SimpleNamespace(part=lambda name: part), 20)
    chosen, random = found.accuracy[GREEDY], found.accuracy[RANDOM]
    assert chosen[0] == random[0] == 0.8 and len(chosen) == 1 + len(SHARES) and found.texts == 20
    assert sorted(chosen, reverse=True) == chosen and chosen[-1] < random[-1]
