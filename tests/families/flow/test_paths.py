"""Straight probability paths, and the distribution of training times."""

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
    seed = keras.random.SeedGenerator(0)
    batches = np.stack([logit_normal(64, -0.4, 1.0, seed) for _ in range(200)])
    assert batches.shape == (200, 64) and batches.min() >= 0 and batches.max() <= 1
    inside = batches[(batches > 0) & (batches < 1)]
    logits = np.log(inside) - np.log1p(-inside)
    np.testing.assert_allclose([logits.mean(), logits.std()], [-0.4, 1.0], atol=0.03)
    # Stratified: the median of each batch barely varies; that of independent samples varies by 0.03.
    assert np.median(batches, axis=1).std() < 0.01
