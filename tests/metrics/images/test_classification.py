"""The baseline that classification is compared with."""

from __future__ import annotations

import dataclasses

import numpy as np

from aigc_tf.data.images.few_labels import open_source
from aigc_tf.metrics.images.classification import regression_of_pixels
from aigc_tf.recipes.labels import LabelSettings
from aigc_tf.recipes.multi_task import MultiTask


def test_the_regression_of_pixels_is_fitted_once_for_the_same_labels() -> None:
    labels = np.arange(60) % 2
    images = np.random.default_rng(0).integers(0, 128, (60, 16, 16, 1), np.uint8) + 64 * labels[:, None, None, None]
    data = images.astype(np.uint8), labels

    def fitted(per_class: int, data: tuple[np.ndarray, np.ndarray] = data):
        recipe = dataclasses.replace(MultiTask.tiny(), labelled=LabelSettings(per_class=per_class))
        return regression_of_pixels(open_source(recipe, data))

    first = fitted(10)
    assert fitted(10) is first
    assert not np.array_equal(fitted(5).weights, first.weights)
    assert not np.array_equal(fitted(10, (255 - data[0], labels)).weights, first.weights)
