"""Logistic regression for linear probes with few labels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_DECAY = 1e-2  # weight decay, relative to the mean loss per example
_ITERATIONS = 300


class Regression(NamedTuple):
    """Multinomial logistic regression over standardised features."""

    mean: np.ndarray
    """Of each feature over the training vectors, `[size]`."""
    deviation: np.ndarray
    """The same, 1 where it is 0."""
    weights: np.ndarray
    """`[size + 1, classes]`, the last row the biases."""

    def probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """Class probabilities, float64 `[count, classes]`, of vectors `[count, size]`."""
        return _softmax(_with_one((vectors - self.mean) / self.deviation) @ self.weights)


def regression(vectors: np.ndarray, labels: np.ndarray, classes: int) -> Regression:
    """Fit by L-BFGS, minimising cross-entropy plus half the decay times the squared weights.

    Args:
        vectors: `[count, size]`, at least one.
        labels: int `[count]`, from 0.
        classes: number of classes.
    """
    from scipy.optimize import minimize

    vectors = vectors.astype(np.float64)
    mean, deviation = vectors.mean(axis=0), vectors.std(axis=0)
    deviation[deviation == 0] = 1
    rows, wanted = _with_one((vectors - mean) / deviation), np.eye(classes)[labels]
    shape = (rows.shape[1], classes)

    def cost(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(shape)
        decayed = np.concatenate([weights[:-1], np.zeros((1, classes))])
        found = _softmax(rows @ weights)
        nats = -np.log(np.maximum((found * wanted).sum(axis=1), 1e-300)).mean()
        slope = rows.T @ (found - wanted) / len(rows) + _DECAY * decayed
        return nats + 0.5 * _DECAY * float((decayed**2).sum()), slope.ravel()

    best = minimize(cost, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS})
    return Regression(mean, deviation, best.x.reshape(shape))


def _with_one(rows: np.ndarray) -> np.ndarray:
    return np.concatenate([rows, np.ones((len(rows), 1))], axis=1)


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
