"""Minibatch couplings of noise and images."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from aigc_tf.families.flow.couplings import in_optimal_order, optimal_order


def cost(noise: np.ndarray, images: np.ndarray) -> float:
    return float(((noise - images) ** 2).sum())


def products(noise: np.ndarray, images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1) @ noise.reshape(len(noise), -1).T


def drawn(seed: int, count: int = 6) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.standard_normal((2, count, 3, 2, 1)).astype(np.float32)


@given(st.integers(0, 1000))
def test_no_order_is_cheaper(seed: int) -> None:
    noise, images = drawn(seed, 5)
    order = optimal_order(products(noise, images), np.zeros(5, int))
    assert sorted(order) == [0, 1, 2, 3, 4]
    cheapest = min(cost(noise[list(other)], images) for other in permutations(range(5)))
    np.testing.assert_allclose(cost(noise[order], images), cheapest, rtol=1e-5)


def test_a_batch_is_a_permutation_that_costs_less() -> None:
    noise, images = drawn(0, 32)
    paired = in_optimal_order(tf.constant(noise), tf.constant(images)).numpy()
    assert cost(paired, images) < cost(noise, images)
    np.testing.assert_array_equal(np.sort(paired.sum((1, 2, 3))), np.sort(noise.sum((1, 2, 3))))


def test_groups_keep_their_noise() -> None:
    noise, images = drawn(1, 30)
    groups = np.arange(30) % 3
    paired = in_optimal_order(tf.constant(noise), tf.constant(images), tf.constant(groups)).numpy()
    for group in range(3):
        own = groups == group
        alone = noise[own][optimal_order(products(noise[own], images[own]), np.zeros(own.sum(), int))]
        np.testing.assert_array_equal(paired[own], alone)
    assert cost(paired, images) < cost(noise, images)
