"""The Fréchet distance against closed forms and scipy; streaming against batch."""

import numpy as np
import pytest
import scipy.linalg

from aigc_tf.metrics.frechet import GaussianStatistics, StreamingStatistics, frechet_distance, gaussian_statistics


def gaussian(mean, covariance) -> GaussianStatistics:
    return GaussianStatistics(np.asarray(mean, float), np.asarray(covariance, float), 100)


def random_covariance(random, dimensions, rank):
    root = random.normal(size=(dimensions, rank))
    return root @ root.T


def by_scipy(first, second):
    """The textbook formula, with the matrix square root of the product."""
    shift = first.mean - second.mean
    root = scipy.linalg.sqrtm(first.covariance @ second.covariance)
    return shift @ shift + np.trace(first.covariance + second.covariance - 2 * np.real(root))


def test_one_dimension():
    # |m1 - m2|² + (s1 - s2)²
    assert frechet_distance(gaussian([1], [[4]]), gaussian([-2], [[25]])) == pytest.approx(9 + 9, rel=1e-14)


def test_shifted_is_the_squared_shift():
    covariance = random_covariance(np.random.default_rng(0), 5, 5)
    shift = np.array([1, -2, 0, 0.5, 3])
    assert frechet_distance(gaussian(np.zeros(5), covariance), gaussian(shift, covariance)) == pytest.approx(
        shift @ shift, rel=1e-12
    )


def test_scaled_covariance():
    # S2 = a² S1 commutes with S1: tr(S1) (1 - a)²
    covariance = random_covariance(np.random.default_rng(1), 6, 6)
    found = frechet_distance(gaussian(np.zeros(6), covariance), gaussian(np.zeros(6), 9 * covariance))
    assert found == pytest.approx(4 * np.trace(covariance), rel=1e-12)


def test_diagonal():
    first, second = np.array([1.0, 4, 0, 9]), np.array([4.0, 0, 0, 1])
    found = frechet_distance(gaussian(np.zeros(4), np.diag(first)), gaussian(np.zeros(4), np.diag(second)))
    assert found == pytest.approx(((np.sqrt(first) - np.sqrt(second)) ** 2).sum(), rel=1e-14)


def test_known_rotation():
    # Covariances diag(a, b) and diag(b, a): the product is a b I.
    found = frechet_distance(gaussian([0, 0], np.diag([9.0, 1])), gaussian([0, 0], np.diag([1.0, 9])))
    assert found == pytest.approx(20 - 2 * 6)


def test_full_rank_against_scipy():
    random = np.random.default_rng(2)
    for dimensions in (2, 7, 64):
        first = gaussian(random.normal(size=dimensions), random_covariance(random, dimensions, 2 * dimensions))
        second = gaussian(random.normal(size=dimensions), random_covariance(random, dimensions, 2 * dimensions))
        assert frechet_distance(first, second) == pytest.approx(by_scipy(first, second), rel=1e-9)


def test_singular_first_with_regular_second_against_scipy():
    # Only one is singular: the reference for (S2^½ S1 S2^½)^½ is scipy's square root of a symmetric matrix.
    random = np.random.default_rng(3)
    first = gaussian(np.zeros(12), random_covariance(random, 12, 4))
    second = gaussian(np.ones(12), random_covariance(random, 12, 24))
    root = np.real(scipy.linalg.sqrtm(second.covariance))
    values = np.maximum(scipy.linalg.eigvalsh(root @ first.covariance @ root), 0)
    expected = 12 + np.trace(first.covariance + second.covariance) - 2 * np.sqrt(values).sum()
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(second, first) == pytest.approx(expected, rel=1e-6)


def test_rank_deficient_closed_forms():
    random = np.random.default_rng(4)
    basis = np.linalg.qr(random.normal(size=(40, 40)))[0]
    first_part, second_part = basis[:, :5], basis[:, 5:8]
    first, second = first_part @ first_part.T, second_part @ second_part.T
    # Orthogonal subspaces do not overlap: the traces add up.
    assert frechet_distance(gaussian(np.zeros(40), first), gaussian(np.zeros(40), second)) == pytest.approx(
        8, abs=1e-12
    )
    # A projection shares its own subspace with the identity.
    assert frechet_distance(gaussian(np.zeros(40), first), gaussian(np.zeros(40), np.eye(40))) == pytest.approx(
        35, abs=1e-12
    )
    assert frechet_distance(gaussian(np.zeros(40), first), gaussian(np.zeros(40), first)) < 1e-12


def test_fewer_features_than_dimensions():
    features = np.random.default_rng(5).normal(size=(10, 50)) * 1e3
    same = gaussian_statistics(features)
    moved = gaussian_statistics(features + 2.0)
    assert np.linalg.matrix_rank(same.covariance) == 9
    scale = np.trace(same.covariance)
    assert 0 <= frechet_distance(same, same) < 1e-12 * scale
    assert frechet_distance(same, moved) == pytest.approx(200, abs=1e-12 * scale)


def test_zero_covariance():
    zero = gaussian([0, 0, 0], np.zeros((3, 3)))
    assert frechet_distance(zero, zero) == 0
    assert frechet_distance(zero, gaussian([1, 0, 0], np.eye(3))) == pytest.approx(4)


def test_other_dimensions_are_refused():
    with pytest.raises(ValueError, match="2 and 3 dimensions"):
        frechet_distance(gaussian([0, 0], np.eye(2)), gaussian([0, 0, 0], np.eye(3)))


def test_streaming_equals_batch():
    features = np.random.default_rng(6).normal(size=(1003, 17)) @ np.random.default_rng(7).normal(size=(17, 17))
    streaming = StreamingStatistics()
    for part in np.split(features, [1, 2, 2, 300, 1000]):  # single features and an empty batch, too
        streaming.update(part)
    result = streaming.result()
    assert result.count == 1003
    np.testing.assert_allclose(result.mean, features.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(result.covariance, np.cov(features.T), rtol=1e-10, atol=1e-10)


def test_streaming_does_not_cancel():
    # Far from the origin, the mean of squares minus the square of the mean loses all digits.
    features = np.random.default_rng(8).normal(size=(4000, 3)) + 1e8
    streaming = StreamingStatistics()
    for part in np.array_split(features, 40):
        streaming.update(part)
    np.testing.assert_allclose(streaming.result().covariance, np.cov(features.T), atol=1e-6)


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([np.ones(3)], "expected \\[n, d\\]"),
        ([np.ones((2, 3)), np.ones((2, 4))], "4 dimensions"),
        ([np.array([[1.0, np.nan]])], "not finite"),
    ],
)
def test_bad_features_are_refused(batches, message):
    streaming = StreamingStatistics()
    with pytest.raises(ValueError, match=message):
        for batch in batches:
            streaming.update(batch)


def test_one_feature_has_no_covariance():
    streaming = StreamingStatistics()
    streaming.update(np.ones((1, 3)))
    with pytest.raises(ValueError, match="at least 2"):
        streaming.result()
