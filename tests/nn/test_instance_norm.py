"""Instance normalisation against Keras's group normalisation, with the same weights."""

from __future__ import annotations

import keras
import numpy as np

from aigc_tf.nn.instance_norm import InstanceNormalization


def test_it_is_group_normalisation_with_a_group_for_each_channel() -> None:
    random = np.random.default_rng(0)
    images = 5 * random.random((2, 7, 10, 6), np.float32) - 2
    ours, theirs = InstanceNormalization(), keras.layers.GroupNormalization(-1)
    for layer in (ours, theirs):
        layer.build(images.shape)
        layer.set_weights([np.linspace(0.5, 2, 6), np.linspace(-1, 1, 6)])
    np.testing.assert_allclose(ours(images), theirs(images), atol=2e-6)
    again = InstanceNormalization.from_config(ours.get_config())
    again.build(images.shape)
    again.set_weights(ours.get_weights())
    np.testing.assert_array_equal(again(images), ours(images))
