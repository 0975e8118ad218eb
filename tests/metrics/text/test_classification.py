"""Classification metrics against references and closed forms."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from aigc_tf.data.labelled.opening import open_source
from aigc_tf.metrics.classification import calibration_error, confusion, nats
from aigc_tf.metrics.text import classification, deletion
from aigc_tf.metrics.text.deletion import SHARES, without_top
from aigc_tf.metrics.text.simple_classifiers import majority_probabilities, tfidf_probabilities
from aigc_tf.recipes.classify import Classify
from aigc_tf.recipes.labels import LabelSettings
from tests.families.text.test_classification import made


def test_calibration_is_the_gap_of_confidence_and_accuracy():
    """Of a hundred predictions at 0.9, 70 are correct, and of a hundred at 0.6 all: gaps of 0.2 and 0.4."""
    probabilities = np.array([[0.9, 0.1]] * 100 + [[0.6, 0.4]] * 100)
    labels = np.array([0] * 70 + [1] * 30 + [0] * 100)
    assert calibration_error(probabilities, labels) == pytest.approx(0.3)
    assert nats(np.array([[0.25, 0.75], [0.5, 0.5]]), np.array([1, 0])) == pytest.approx(-np.log([0.75, 0.5]).mean())


def test_confusion_has_a_row_for_each_true_class():
    random = np.random.default_rng(0)
    probabilities, labels = random.dirichlet(np.ones(4), 200), random.integers(0, 4, 200)
    np.testing.assert_array_equal(
        confusion(probabilities, labels), confusion_matrix(labels, probabilities.argmax(axis=1))
    )


def test_baselines_learn_from_the_labels_that_are_used_alone():
    few = open_source(dataclasses.replace(Classify.tiny(), labelled=LabelSettings(per_class=2)))
    full = open_source(Classify.tiny())
    accuracies = []
    for source in (few, full):
        found = tfidf_probabilities(source, source.test.texts)
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
        accuracies.append(np.mean(found.argmax(axis=1) == source.test.labels))
    assert accuracies[0] < accuracies[1]
    np.testing.assert_array_equal(majority_probabilities(few, 3), np.full((3, 2), 0.5))


def test_the_most_important_symbols_go_first_and_the_start_stays():
    tokens, values = np.arange(21, dtype=np.int32), np.concatenate([[99.0], np.arange(20.0)])
    left = without_top(tokens, values)
    assert [21 - len(row) for row in left] == [1, 2, 4, 10] and len(SHARES) == 4
    assert left[1].tolist() == list(range(19))


def test_deleting_what_decides_costs_most():
    """A classifier that uses only its evidence: integrated gradients find it, attention does not."""
    model: Any = made(symbol_dropout=0.0)
    for weight in model.sequence.get_layer("class_logits").trainable_variables:
        weight.assign(weight * 0)
    split = classification_split(np.random.default_rng(0))
    source = type("Source", (), {"part": lambda self, name: split})()
    request = classification.Request(part="test", samples=40)
    measured = deletion.Deletion().measure(model, source, model.recipe, request).figures
    gradients, attention = measured["deletion_gradients"], measured["deletion_attention"]
    assert gradients.value > 2 * gradients.baselines[deletion.RANDOM] and gradients.value > attention.value


def classification_split(random: np.random.Generator) -> Any:
    from aigc_tf.data.labelled.source import LabelledSplit

    tokens = [np.append(0, random.integers(2, 32, 10)).astype(np.int32) for _ in range(40)]
    return LabelledSplit([""] * 40, np.zeros(40, np.int32), np.arange(40).astype(np.uint64), tokens)
