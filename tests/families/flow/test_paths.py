"""Straight paths, and the times at which they are looked at."""

from __future__ import annotations

import keras
import numpy as np

from aigc_tf.families.flow.paths import between, image_of_velocity, logit_normal, velocity_of_image


def test_the_velocity_is_that_of_the_path() -> None:
    noise, image = np.random.default_rng(0).standard_normal((2, 4, 5))
    at = [between(noise, image, time) for time in (0.0, 0.3, 0.3 + 1e-6, 1.0)]
    np.testing.assert_array_equal(at[0], noise)
    np.testing.assert_array_equal(at[-1], image)
    np.testing.assert_allclose((at[2] - at[1]) / 1e-6, image - noise, rtol=1e-6)
    np.testing.assert_allclose(velocity_of_image(image, at[1], 0.7), image - noise)
    np.testing.assert_allclose(image_of_velocity(image - noise, at[1], 0.7), image)


def test_times_are_logistic_functions_of_normal_numbers() -> None:
    times = np.asarray(logit_normal(20_000, -0.4, 1.0, keras.random.SeedGenerator(0)))
    logits = np.log(times) - np.log1p(-times)
    assert times.shape == (20_000,) and 0 < times.min() and times.max() < 1
    np.testing.assert_allclose([logits.mean(), logits.std()], [-0.4, 1.0], atol=0.03)
