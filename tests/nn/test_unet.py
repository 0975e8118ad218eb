"""U-Nets: any size, initial output, and skip connections."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest

from aigc_tf.nn.unet import half_size_unet

FILTERS = (4, 6, 8)
NEAREST = partial(half_size_unet, method="nearest")
UNETS = [partial(half_size_unet, groups=2), half_size_unet, NEAREST]
Unet = Callable[..., Any]


def network(unet: Unet, height: int | None = None, width: int | None = None) -> keras.Model:
    keras.utils.set_random_seed(0)
    image = keras.Input((height, width, 3))
    model = keras.Model(image, unet(image, FILTERS, 1, 2))
    for variable in model.trainable_variables:  # zero-initialised kernels, too
        variable.assign(keras.random.normal(variable.shape, stddev=0.1, seed=1))
    return model


@pytest.mark.parametrize("unet", UNETS)
def test_sizes_may_be_known_or_not(unet: Unet):
    images = np.random.default_rng(0).random((2, 16, 24, 3), np.float32)
    free, fixed = network(unet), network(unet, 16, 24)
    np.testing.assert_allclose(free(images), fixed(images), atol=1e-5)
    assert free(images).shape == (2, 16, 24, 2)


@pytest.mark.parametrize("bias", [0.0, 0.5])
@pytest.mark.parametrize("unet", [half_size_unet, NEAREST])
def test_without_normalisation_it_starts_with_the_bias_everywhere(bias: float, unet: Unet):
    image = keras.Input((None, None, 3))
    model = keras.Model(image, unet(image, FILTERS, 1, 2, bias=bias))
    assert (np.asarray(model(np.random.default_rng(0).random((1, 16, 16, 3)))) == bias).all()


def test_nearest_doubling_draws_no_grid_where_nothing_is():
    """Far from the borders a uniform picture stays uniform; with pixel shuffle, pixels differ by position."""
    images = np.full((1, 192, 192, 3), 0.5, np.float32)
    even, dealt_out = (np.asarray(network(unet)(images))[0, 88:104, 88:104] for unet in (NEAREST, half_size_unet))
    assert np.ptp(even, axis=(0, 1)).max() < 1e-5 < 1e-3 < np.ptp(dealt_out, axis=(0, 1)).max()


@pytest.mark.parametrize("unet", [half_size_unet, NEAREST])
def test_without_normalisation_a_pixel_is_seen_from_afar_and_not_from_everywhere(unet: Unet):
    images = np.zeros((1, 192, 192, 3), np.float32)
    changed = images.copy()
    changed[0, 96, 96] = 1.0
    model = network(unet)
    different = np.argwhere(np.asarray(model(changed) != model(images)).any(axis=(0, 3)))
    reach = np.abs(different - 96).max()
    assert 24 < reach < 90
