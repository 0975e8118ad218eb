"""The kernel distance against hand-computed values and a naive double loop, and its lack of bias."""

import numpy as np
import pytest

from aigc_tf.metrics.kernel import kernel_distance, paired_squared_mmd, polynomial_kernel, squared_mmd


def naive(first, second):
    """Gretton et al. 2012, eq. 3, term by term."""

    def kernel(x, y):
        return (sum(a * b for a, b in zip(x, y, strict=True)) / len(x) + 1) ** 3

    n, m = len(first), len(second)
    within_first = sum(kernel(first[i], first[j]) for i in range(n) for j in range(n) if i != j)
    within_second = sum(kernel(second[i], second[j]) for i in range(m) for j in range(m) if i != j)
    across = sum(kernel(x, y) for x in first for y in second)
    return within_first / (n * (n - 1)) + within_second / (m * (m - 1)) - 2 * across / (n * m)


def test_pairs_of_the_same_thing_are_left_out():
    """For nearly equal sets the distance is 0 on average, not negative."""
    random = np.random.default_rng(0)
    first = random.standard_normal((30, 5))
    near = first + 1e-6
    assert abs(paired_squared_mmd(first, near)) < 1e-4 and squared_mmd(first, near) < -0.05
    second = random.standard_normal((30, 5)) + 1
    within = naive(first, second) + 2 * polynomial_kernel(first, second).mean()
    across = polynomial_kernel(first, second)
    expected = within - 2 * (across.sum() - np.trace(across)) / (30 * 29)
    assert paired_squared_mmd(first, second) == pytest.approx(expected)


def test_by_hand():
    # d = 1: kernel (x y + 1)³. Within {0, 1}: k(0, 1) = 1. Within {2, 3}: k(2, 3) = 343.
    # Across: k(0, 2) = k(0, 3) = 1, k(1, 2) = 27, k(1, 3) = 64, mean 93 / 4.
    first, second = np.array([[0.0], [1.0]]), np.array([[2.0], [3.0]])
    assert squared_mmd(first, second) == pytest.approx(1 + 343 - 2 * 93 / 4)


def test_kernel_divides_by_the_dimension():
    assert polynomial_kernel(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]))[0, 0] == pytest.approx((11 / 2 + 1) ** 3)


def test_against_a_double_loop():
    random = np.random.default_rng(0)
    first, second = random.normal(size=(9, 4)), random.normal(size=(6, 4)) + 0.3
    assert squared_mmd(first, second) == pytest.approx(naive(first, second), rel=1e-12)


def test_unbiased_for_equal_distributions():
    random = np.random.default_rng(1)
    values = [squared_mmd(random.normal(size=(20, 3)), random.normal(size=(30, 3))) for _ in range(2000)]
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 3 * error
    # With pairs of a feature with itself, the mean would be about 0.4, far beyond that error.
    assert error < 0.05


def test_standard_error_is_honest():
    # Over many repetitions the distances must have the deviation given by the standard error.
    random = np.random.default_rng(2)
    found = [
        kernel_distance(random.normal(size=(200, 3)), random.normal(size=(300, 3)) * 1.2, subset_size=20)
        for _ in range(150)
    ]
    scatter = np.std([distance for distance, _ in found])
    assert np.mean([error for _, error in found]) == pytest.approx(scatter, rel=0.25)


def test_equal_distributions_are_within_the_error():
    random = np.random.default_rng(3)
    distance, error = kernel_distance(random.normal(size=(4000, 16)), random.normal(size=(3000, 16)))
    assert abs(distance) < 3 * error
    far, far_error = kernel_distance(random.normal(size=(4000, 16)), random.normal(size=(3000, 16)) + 0.5)
    assert far > 10 * far_error


def test_order_of_the_features_does_not_matter():
    # Sources are often sorted by class: contiguous subsets would contain one class each.
    random = np.random.default_rng(4)
    first = np.sort(random.normal(size=(2000, 1)), axis=0)
    second = random.normal(size=(2000, 1))
    distance, error = kernel_distance(first, second)
    assert abs(distance) < 3 * error and error < 1


def test_seeded():
    random = np.random.default_rng(5)
    first, second = random.normal(size=(50, 3)), random.normal(size=(40, 3))
    assert kernel_distance(first, second, seed=1) == kernel_distance(first, second, seed=1)
    assert kernel_distance(first, second, seed=1) != kernel_distance(first, second, seed=2)


def test_too_few():
    with pytest.raises(ValueError, match="at least 4"):
        kernel_distance(np.ones((3, 2)), np.ones((10, 2)))
    assert np.isfinite(kernel_distance(np.eye(4), np.eye(4))).all()
