"""Accuracy of the requested class, for generators with known accuracy."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aigc_tf.data.images.source import ImageSource
from aigc_tf.errors import InputError
from aigc_tf.metrics.images.conditional import CHANCE, REAL, ClassAgreement, accuracy_at_mix
from aigc_tf.recipes.cgan import CGAN
from aigc_tf.recipes.images import ImageSettings
from tests.metrics.reports import report_of

SMALL = CGAN(images=ImageSettings(height=16, width=16))


class Drawing:
    """Real training images of class `class_of(requested class)`."""

    def __init__(self, source: ImageSource, class_of: Callable[[np.ndarray], np.ndarray]) -> None:
        self.by_class = [source.train.images[source.train.labels == label] / np.float32(255) for label in (0, 1)]
        self.class_of = class_of

    def conditions(self, given: Any, count: int) -> np.ndarray:
        return np.arange(count, dtype=np.int32) % 2

    def generate(self, count: int, seed: int = 0, condition: Any = None) -> np.ndarray:
        random = np.random.default_rng(seed)
        classes = self.class_of(condition)
        return np.stack([self.by_class[label][random.integers(len(self.by_class[label]))] for label in classes])


@pytest.mark.parametrize(
    ("class_of", "agreement"),
    [(lambda asked: asked, 1.0), (np.zeros_like, 0.5), (lambda asked: 1 - asked, 0.0)],
    ids=["right", "always the first", "swapped"],
)
def test_agreement_with_the_requested_class(
    class_of: Callable[[np.ndarray], np.ndarray], agreement: float, small_networks: None, stripes: Any
):
    source = dataclasses.replace(stripes(), labelled=True)
    source.test.labels[:4] = 1 - source.test.labels[:4]  # a tenth has wrong labels
    # An odd number: if the second chunk restarted at the first class, all of it would be wrong.
    report = report_of(ClassAgreement(), Drawing(source, class_of), source, SMALL, samples=601)
    assert report["classifier_accuracy"] == pytest.approx(0.9, abs=0.03)
    assert report["class_agreement"] == pytest.approx(agreement, abs=0.05)
    assert report["relative_class_agreement"] == pytest.approx(
        report["class_agreement"] / report["classifier_accuracy"]
    )
    assert report["protocol"]["classes"] == 2
    assert report["baselines"]["class_agreement"] == {REAL: report["classifier_accuracy"], CHANCE: 0.5}


def test_the_classifier_is_measured_at_the_mix_of_classes_that_is_asked_for(small_networks: None, stripes: Any):
    """All real images are equal, nine of ten of one class: for equally frequent requests the accuracy is 1/2."""
    source = dataclasses.replace(stripes(), labelled=True)
    source.test.images[:] = source.test.images[0]
    source.test.labels[:] = np.arange(40) >= 36
    report = report_of(ClassAgreement(), Drawing(source, np.copy), source, SMALL, samples=50)
    assert report["classifier_accuracy"] == 0.5


def test_accuracy_at_another_mix():
    told, labels = np.array([0, 0, 1, 1, 2]), np.array([0, 0, 0, 1, 1])  # recalls 2/3 and 1/2
    assert accuracy_at_mix(told, labels, np.array([0, 1])) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert accuracy_at_mix(told, labels, np.array([0, 0, 0, 1])) == pytest.approx((2 + 1 / 2) / 4)
    assert accuracy_at_mix(told, labels, np.array([1, 5])) == 1 / 2  # class 5 has no image
    with pytest.raises(InputError, match="no requested class has real images"):
        accuracy_at_mix(told, labels, np.array([5]))


def test_classes_that_nobody_can_tell_are_refused(stripes: Any):
    source = stripes(labelled=False)
    with pytest.raises(InputError, match="stripes has no labels"):
        report_of(ClassAgreement(), Drawing(stripes(), np.copy), source, SMALL, samples=10)
