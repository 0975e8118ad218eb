"""Principal components against NumPy's full decomposition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from aigc_tf.metrics.pca import MAX_NUMBERS, principal_components, rows_to_fit


def decaying(count: int, dimensions: int) -> np.ndarray:
    """Rows with non-zero mean and decreasing variances, in directions other than the axes."""
    random = np.random.default_rng(0)
    turned, _ = np.linalg.qr(random.standard_normal((dimensions, dimensions)))
    return 3 + random.standard_normal((count, dimensions)) / np.arange(1, dimensions + 1) @ turned


@pytest.mark.parametrize(("count", "dimensions", "components"), [(300, 120, 5), (30, 120, 20), (300, 12, 12)])
def test_components_are_those_of_the_full_decomposition(count: int, dimensions: int, components: int):
    rows = decaying(count, dimensions)
    found = principal_components(lambda: [rows], components)
    centred = rows - rows.mean(axis=0)
    _, values, directions = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(found.deviations, values[:components] / np.sqrt(count - 1), rtol=1e-4)
    expected = centred @ directions[:components].T @ directions[:components] + rows.mean(axis=0)
    np.testing.assert_allclose(found.project(rows), expected, atol=1e-2 * found.deviations[0])
    np.testing.assert_allclose(found.components @ found.components.T, np.eye(components), atol=1e-10)
    assert found.examples == count


def test_samples_have_the_fitted_moments():
    rows = decaying(400, 6)
    gaussian = principal_components(lambda: [rows], 6)
    samples = gaussian.sample(200_000, np.random.default_rng(1))
    np.testing.assert_allclose(samples.mean(axis=0), rows.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(np.cov(samples.T), np.cov(rows.T), atol=0.02)


def test_what_lies_in_a_plane_is_its_own_projection():
    plane = np.random.default_rng(0).standard_normal((2, 50))
    rows = np.random.default_rng(1).standard_normal((40, 2)) @ plane + 1
    found = principal_components(lambda: [rows], 2)
    np.testing.assert_allclose(found.project(rows), rows, atol=1e-10)
    np.testing.assert_allclose(found.project(rows + 0), found.project(found.project(rows)), atol=1e-10)


def test_no_more_components_than_examples_tell():
    assert len(principal_components(lambda: [decaying(3, 10)], 8).components) == 2
    with pytest.raises(ValueError, match="at least 2 examples, got 1"):
        principal_components(lambda: [np.zeros((1, 4))], 1)


def test_rows_in_parts_are_fitted_as_all_of_them():
    rows = decaying(300, 120)
    whole = principal_components(lambda: [rows], 5)
    parts = principal_components(lambda: np.split(rows, [7, 180]), 5)
    assert parts.examples == 300 and parts.noise == pytest.approx(whole.noise)
    np.testing.assert_allclose(parts.deviations, whole.deviations, rtol=1e-10)
    np.testing.assert_allclose(parts.project(rows), whole.project(rows), atol=1e-8)


def test_the_density_is_that_of_probabilistic_pca():
    """Against the multivariate normal with the explicit covariance (Tipping & Bishop 1999, eq. 6)."""
    rows = decaying(400, 12)
    found = principal_components(lambda: [rows], 3)
    assert found.noise == pytest.approx(np.linalg.eigvalsh(np.cov(rows.T))[:9].mean())
    plane = found.components.T * found.deviations**2 @ found.components
    outside = np.eye(12) - found.components.T @ found.components
    normal = multivariate_normal(found.mean, plane + found.noise * outside)
    np.testing.assert_allclose(found.log_density(rows), normal.logpdf(rows))
    everything = principal_components(lambda: [rows], 12)
    np.testing.assert_allclose(
        everything.log_density(rows), multivariate_normal(rows.mean(axis=0), np.cov(rows.T)).logpdf(rows)
    )
    flat = principal_components(lambda: [np.ones((5, 3))], 2)
    assert np.isfinite(flat.log_density(np.zeros((1, 3)))).all()


def test_what_is_looked_at_is_bounded():
    assert rows_to_fit(60_000, 784) == 60_000
    assert rows_to_fit(500, 784) == 500
    assert rows_to_fit(60_000, 256 * 256 * 3) * 256 * 256 * 3 <= MAX_NUMBERS
    assert rows_to_fit(60_000, 10**9) == 2
