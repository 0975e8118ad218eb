"""Optimal-transport coupling of noise and images within a batch."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from scipy.optimize import linear_sum_assignment


def optimal_order(noise: np.ndarray, images: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The permutation of noise with the least sum of squared distances to images: int32 `[batch]`.

    Minibatch optimal transport (Tong et al. 2024, §3.2; Pooladian et al. 2023, eq. 12): paths cross less, so that the
    target velocities have less variance.

    Args:
        noise: `[batch, ...]`.
        images: of the same shape.
        groups: int `[batch]`; rows are permuted only within their group.
    """
    order = np.arange(len(images), dtype=np.int32)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        # |z - x|² = |z|² + |x|² - 2 z·x, of which only the last depends on the order.
        products = images[rows].reshape(len(rows), -1) @ noise[rows].reshape(len(rows), -1).T
        order[rows] = rows[linear_sum_assignment(products, maximize=True)[1]]
    return order


def in_optimal_order(noise: tf.Tensor, images: tf.Tensor, groups: tf.Tensor | None = None) -> tf.Tensor:
    """The noise `[batch, ...]` in `optimal_order`; without groups all rows form one."""
    if groups is None:
        groups = tf.zeros(tf.shape(images)[:1], tf.int32)
    order = tf.numpy_function(optimal_order, [noise, images, groups], tf.int32, stateful=False)
    return tf.ensure_shape(tf.gather(noise, order), noise.shape)
