"""Optimal-transport coupling of noise and images within a batch."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from scipy.optimize import linear_sum_assignment


def optimal_order(products: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The permutation of noise with the least sum of squared distances to images: int32 `[batch]`.

    Minibatch optimal transport (Tong et al. 2024, §3.2; Pooladian et al. 2023, eq. 12): paths cross less, so that the
    target velocities have less variance. As |z - x|² = |z|² + |x|² - 2 z·x, the order depends on scalar products alone.

    Args:
        products: scalar products `[batch, batch]` of images (rows) and noise (columns).
        groups: int `[batch]`; rows are permuted only within their group.
    """
    order = np.arange(len(products), dtype=np.int32)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        order[rows] = rows[linear_sum_assignment(products[np.ix_(rows, rows)], maximize=True)[1]]
    return order


def in_optimal_order(noise: tf.Tensor, images: tf.Tensor, groups: tf.Tensor | None = None) -> tf.Tensor:
    """The noise `[batch, ...]` in `optimal_order`; without groups all rows form one.

    TensorFlow multiplies: NumPy's threads would wait actively for the next step, and take a core from it meanwhile.
    """
    if groups is None:
        groups = tf.zeros(tf.shape(images)[:1], tf.int32)
    flat_noise, flat_images = (tf.reshape(rows, (tf.shape(rows)[0], -1)) for rows in (noise, images))
    products = tf.matmul(flat_images, flat_noise, transpose_b=True)
    order = tf.numpy_function(optimal_order, [products, groups], tf.int32, stateful=False)
    return tf.ensure_shape(tf.gather(noise, order), noise.shape)
