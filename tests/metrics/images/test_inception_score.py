"""The Inception score against closed forms."""

import numpy as np
import pytest

from aigc_tf.metrics.images.inception_score import inception_score


def test_undecided_is_one():
    assert inception_score(np.full((100, 7), 1 / 7)) == pytest.approx((1, 0), abs=1e-12)


def test_certain_and_varied_is_the_number_of_classes():
    assert inception_score(np.tile(np.eye(5), (40, 1))) == pytest.approx((5, 0), abs=1e-12)


def test_certain_and_always_the_same_is_one():
    assert inception_score(np.tile(np.eye(5)[2], (40, 1))) == pytest.approx((1, 0), abs=1e-12)


def test_two_soft_classes():
    # KL((p, 1-p) ‖ (1/2, 1/2)) = ln 2 - H(p)
    p = 0.9
    entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
    probabilities = np.tile([[p, 1 - p], [1 - p, p]], (20, 1))
    assert inception_score(probabilities, splits=4).mean == pytest.approx(2 * np.exp(-entropy), rel=1e-12)


def test_splits_are_in_order():
    # The first half is certain of two classes (score 2), the second of one (score 1).
    probabilities = np.concatenate([np.tile(np.eye(2), (5, 1)), np.tile([[1.0, 0.0]], (10, 1))])
    assert inception_score(probabilities, splits=2) == pytest.approx((1.5, 0.5), abs=1e-12)
    assert inception_score(probabilities, splits=1).std == 0


def test_too_few_for_the_splits():
    with pytest.raises(ValueError, match="9 images cannot make 10 splits"):
        inception_score(np.ones((9, 1)))
