"""The share of samples in the requested class, for generators of which it is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from aigc_tf.data.images.labelled import LabelledSource
from aigc_tf.metrics.images.conditional import evaluate
from aigc_tf.recipes.cgan import CGAN
from aigc_tf.recipes.images import ImageSettings

SMALL = CGAN(images=ImageSettings(height=16, width=16))


def drawing(source: LabelledSource, class_of: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Real training images, of the class that `class_of` makes of the requested one."""
    by_class = [source.train.images[source.train.labels == label] / np.float32(255) for label in (0, 1)]

    def generate(count: int, seed: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        classes = class_of(np.arange(count) % 2)
        return np.stack([by_class[label][random.integers(len(by_class[label]))] for label in classes])

    return SimpleNamespace(generate=generate)


@pytest.mark.parametrize(
    ("class_of", "agreement"),
    [(lambda asked: asked, 1.0), (np.zeros_like, 0.5), (lambda asked: 1 - asked, 0.0)],
    ids=["right", "always the first", "swapped"],
)
def test_agreement_with_the_requested_class(
    class_of: Callable[[np.ndarray], np.ndarray], agreement: float, small_networks: None, stripes: Any
):
    plain = stripes()
    named = {field.name: getattr(plain, field.name) for field in fields(plain)} | {"class_names": ("standing", "lying")}
    source = LabelledSource(**named)
    source.test.labels[:4] = 1 - source.test.labels[:4]  # a tenth is labelled wrongly
    report = evaluate(drawing(source, class_of), source, SMALL, samples=100)
    assert report["classifier_accuracy"] == pytest.approx(0.9, abs=0.03)
    assert report["class_agreement"] == pytest.approx(agreement, abs=0.05)
    assert report["relative_class_agreement"] == pytest.approx(
        report["class_agreement"] / report["classifier_accuracy"]
    )
    assert report["protocol"]["classes"] == 2 and "frechet_distance" in report
