"""Logistic regression matches scikit-learn's with the same penalty."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.classes import few_of_each
from aigc_tf.metrics.regression import regression


def test_it_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(0)
    labels = np.arange(60) % 3
    vectors = random.standard_normal((60, 4)) * [1, 5, 1, 0] + labels[:, None]
    vectors[:, 3] = 7  # a constant feature
    found = regression(vectors, labels, 3)
    scaled = (vectors - vectors.mean(axis=0)) / np.where(vectors.std(axis=0) > 0, vectors.std(axis=0), 1)
    theirs = LogisticRegression(C=1 / (0.01 * 60), tol=1e-8, max_iter=1000).fit(scaled, labels)
    np.testing.assert_allclose(found.probabilities(vectors), theirs.predict_proba(scaled), atol=1e-3)


def test_so_many_labels_of_each_class_are_drawn() -> None:
    labels = np.repeat([0, 1, 4], [20, 3, 50])
    rows = few_of_each(labels, 5, seed=1)
    assert np.bincount(labels[rows]).tolist() == [5, 3, 0, 0, 5]
    assert (np.diff(rows) > 0).all()
    assert set(few_of_each(labels, 5, seed=2)) != set(rows)
