"""Channel pruning: a narrower network equals the wide one without its weakest channels, and can be trained further."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import aigc_tf
from aigc_tf.export.channels import FixedChannelsError, Kept, cut, cut_networks, kept_channels
from aigc_tf.export.graph import Graph, run
from aigc_tf.recipes.colourise import Colourise
from aigc_tf.recipes.conv_gan import ConvGAN
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.upscale import Upscale
from aigc_tf.recipes.vae import VAE

BLOCKS = dataclasses.replace(Denoise.tiny(), blocks=2, filters=6)


def shuffled(network: keras.Model, seed: int = 0) -> None:
    """Give a network non-zero weights and positive variances."""
    random = np.random.default_rng(seed)
    network.set_weights([random.uniform(0.1, 1, weight.shape) for weight in network.weights])
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            layer.set_weights([gamma, beta - 0.5, mean - 0.5, variance])
        elif layer.weights:
            layer.set_weights([weight - 0.5 for weight in layer.get_weights()])


def silence(network: keras.Model, kept: list[Kept | None]) -> None:
    """Set the pruned channels to zero in every layer that produces them."""
    for block, stays in zip(Graph(network).blocks(), kept, strict=True):
        if stays is not None:
            weights = block.original.get_weights()
            transposed = isinstance(block.original, layers.Conv2DTranspose)
            for index, weight in enumerate(weights):
                axis = -2 if transposed and index == 0 else -1
                is_statistic = isinstance(block.original, layers.BatchNormalization) and index > 1
                np.moveaxis(weight, axis, -1)[..., ~stays.makes] *= is_statistic
            block.original.set_weights(weights)


def inputs_of(network: keras.Model) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    shapes = [[2, *(size or 8 for size in tensor.shape[1:])] for tensor in network.inputs]
    return [random.standard_normal(shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize(
    ("recipe", "fields", "name"),
    [
        (DCGAN.tiny(), {"generator_filters": (12, 2, 6)}, "generator"),
        (ConvGAN.tiny(), {"generator_filters": 5}, "generator"),
        (BLOCKS, {"filters": 4}, "network"),
        (dataclasses.replace(Upscale.tiny(), blocks=2, filters=6), {"filters": 2}, "network"),
        (Colourise.tiny(), {"unet_filters": tuple(width // 2 for width in Colourise.tiny().unet_filters)}, "network"),
    ],
    ids=["dcgan", "conv_gan", "denoise", "upscale", "colourise"],
)
def test_it_computes_what_is_left_of_the_wide_one(recipe: Any, fields: dict[str, Any], name: str):
    wide = getattr(aigc_tf.create(recipe), name)
    narrow = getattr(aigc_tf.create(dataclasses.replace(recipe, **fields)), name)
    shuffled(wide)
    kept = kept_channels(wide, narrow)
    cut(wide, narrow, kept)
    assert narrow.count_params() < wide.count_params()
    before = run(wide, inputs_of(wide))[0]
    silence(wide, kept)
    expected = run(wide, inputs_of(wide))[0]
    assert np.abs(expected - before).max() > 1e-3
    np.testing.assert_allclose(run(narrow, inputs_of(wide))[0], expected, rtol=1e-4, atol=1e-5)


def convolutions(middle: int) -> keras.Model:
    image = keras.Input((4, 4, 1), name="image")
    x = layers.Conv2D(middle, 1, name="first")(image)
    x = layers.Add(name="sum")([x, layers.Conv2D(middle, 1, use_bias=False, name="second")(x)])
    return keras.Model(image, layers.Dense(3, name="last")(layers.Flatten(name="flat")(x)))


def test_the_channels_with_the_largest_magnitudes_stay_and_sums_keep_the_same():
    """The magnitude of a channel is summed over all layers that produce it."""
    wide, narrow = convolutions(4), convolutions(2)
    wide.get_layer("first").set_weights([np.array([[[[1.0, -9.0, 2.0, 3.0]]]]), np.arange(4.0)])
    second = np.diag([9.0, 0.5, 1.0, 2.0])
    wide.get_layer("second").set_weights([second[None, None]])  # summed: 10, 9.5, 3 and 5
    cut(wide, narrow, kept_channels(wide, narrow))
    np.testing.assert_array_equal(narrow.get_layer("first").get_weights()[0].ravel(), [1, -9])
    np.testing.assert_array_equal(narrow.get_layer("first").get_weights()[1], [0, 1])
    np.testing.assert_array_equal(narrow.get_layer("second").kernel[0, 0], second[:2, :2])
    by_place = wide.get_layer("last").kernel.numpy().reshape(4, 4, 4, 3)
    np.testing.assert_array_equal(narrow.get_layer("last").kernel, by_place[:, :, :2].reshape(32, 3))


def test_what_goes_in_and_comes_out_stays():
    wide = aigc_tf.create(VAE.tiny())
    narrow = aigc_tf.create(dataclasses.replace(VAE.tiny(), latent_dim=VAE.tiny().latent_dim - 1))
    before = narrow.get_weights()
    with pytest.raises(FixedChannelsError, match="cannot make 3 instead of 4 channels"):
        kept_channels(wide.encoder, narrow.encoder)
    with pytest.raises(FixedChannelsError, match=r"weights of .* cannot be cut"):
        cut(wide.decoder, narrow.decoder, kept_channels(wide.decoder, narrow.decoder))
    assert cut_networks(narrow, wide) == []
    assert all(np.array_equal(mine, old) for mine, old in zip(narrow.get_weights(), before, strict=True))


def test_a_normalisation_over_groups_of_channels_keeps_them():
    def network(width: int) -> keras.Model:
        image = keras.Input((4, 4, 1))
        x = layers.GroupNormalization(2, name="norm")(layers.Conv2D(width, 1, name="convolution")(image))
        return keras.Model(image, layers.Conv2D(1, 1, name="last")(x))

    with pytest.raises(FixedChannelsError, match="convolution cannot make 4 instead of 8 channels"):
        kept_channels(network(8), network(4))
    with pytest.raises(FixedChannelsError, match="has different layers"):
        kept_channels(network(8), convolutions(4))


def test_a_generator_and_its_average_keep_the_same_channels():
    wide = aigc_tf.create(DCGAN.tiny())
    shuffled(wide.generator)
    shuffled(wide.sampler, seed=1)
    narrow = aigc_tf.create(dataclasses.replace(DCGAN.tiny(), generator_filters=(8, 8, 8)))
    assert cut_networks(narrow, wide) == ["generator", "sampler"]
    kept = kept_channels(wide.generator, narrow.generator)[1].makes
    for network, own in ((wide.generator, narrow.generator), (wide.sampler, narrow.sampler)):
        for mine, theirs in zip(own.layers[2].get_weights(), network.layers[2].get_weights(), strict=True):
            np.testing.assert_array_equal(mine, theirs[kept])
