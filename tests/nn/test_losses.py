"""Losses against their formulas."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import quad
from scipy.stats import norm

from aigc_tf.nn.variational import gaussian_kl


@pytest.mark.parametrize(("mean", "log_variance"), [(0.0, 0.0), (1.5, -2.0), (-3.0, 1.0), (0.2, -6.0), (0.0, 3.0)])
def test_gaussian_kl_is_the_integral(mean: float, log_variance: float):
    posterior, prior = norm(mean, np.exp(log_variance / 2)), norm()
    ends = posterior.ppf([1e-15, 1 - 1e-15])
    expected, _ = quad(lambda z: posterior.pdf(z) * (posterior.logpdf(z) - prior.logpdf(z)), *ends)
    found = gaussian_kl(tf.constant([[mean]]), tf.constant([[log_variance]]))
    assert found.shape == (1, 1)
    assert float(found[0, 0]) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_gaussian_kl_is_of_each_dimension_and_never_negative():
    mean, log_variance = np.random.default_rng(0).normal(0, 2, (2, 50, 3)).astype("float32")
    divergence = gaussian_kl(mean, log_variance).numpy()
    assert divergence.shape == (50, 3) and (divergence > 0).all()
    np.testing.assert_allclose(divergence[:, 1], gaussian_kl(mean[:, 1:2], log_variance[:, 1:2])[:, 0], rtol=1e-6)
