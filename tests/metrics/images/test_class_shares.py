"""Class shares of one-hot probabilities, against hand counts."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_tf.metrics.images.class_shares import ClassShares, shares_of
from aigc_tf.metrics.images.samples import Samples
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.images import ImageSettings
from tests.metrics.reports import report_of

SMALL = DCGAN(images=ImageSettings(height=16, width=16))


def test_shares_are_of_the_likeliest_class():
    probabilities = np.array([[0.6, 0.3, 0.1], [0.4, 0.35, 0.25], [0.1, 0.8, 0.1], [0.5, 0.4, 0.1]])
    np.testing.assert_array_equal(shares_of(probabilities), [0.75, 0.25, 0])


def test_distance_smallest_share_and_words():
    shares = ClassShares(np.array([0.75, 0.25, 0, 0]), np.array([0.5, 0.25, 0.25, 0]))
    assert shares.distance == pytest.approx(0.25)
    assert shares.smallest == 0
    assert shares.in_words(["shirt", "coat", "bag", "none"]).startswith("bag 0.0 % (real 25.0 %), none 0.0 % (real")
    assert ClassShares(np.array([0.5, 0.5, 0]), np.array([0.5, 0.5, 0])).smallest == 0.5  # among existing classes


def test_a_model_of_one_class_is_found_out(stripes, drawing, small_networks):
    source = stripes()
    one = drawing(source.train.images[source.train.labels == 1], (16, 16, 1))
    both = drawing(source.train.images, (16, 16, 1))
    alone, fair = (report_of(Samples(), model, source, SMALL, samples=100) for model in (one, both))
    # The small classifier is biased: it assigns more than half of the real images to one class.
    assert alone["class_share_distance"] > 0.35 and alone["smallest_class_share"] < 0.1
    assert fair["class_share_distance"] < 0.15 and fair["smallest_class_share"] > 0.3
    assert alone["protocol"]["class_shares"].startswith("standing")
    told = drawing(source.train.images, (16, 16, 1))
    told.conditions = lambda given, count: np.arange(count) % 2
    told.generate = lambda count, seed=0, condition=None: both.generate(count, seed)
    assert "class_share_distance" not in report_of(Samples(), told, source, SMALL, samples=100)
