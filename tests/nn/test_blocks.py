"""Image network blocks match their formulas, at any size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from keras import layers

from aigc_tf.nn import blocks
from aigc_tf.nn.discriminator import logits, strided_features
from aigc_tf.nn.embeddings import Positions, SinusoidalEmbedding, learned_positions
from aigc_tf.nn.normalisation import INSTANCE_NORM, group_norm


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def network(make: Callable[[Any], Any], *shape: int | None) -> keras.Model:
    """A network of one block, with random weights, since initial zeros and ones would hide errors."""
    image = keras.Input(shape)
    found = keras.Model(image, make(image))
    for index, weight in enumerate(found.trainable_variables):
        weight.assign(0.3 * normal(*weight.shape, seed=index + 1))
    return found


def weights_of(model: keras.Model, name: str) -> list[np.ndarray]:
    return [np.asarray(weight) for weight in model.get_layer(name).get_weights()]


def convolved(images: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    """A "same" convolution of stride 1, by definition."""
    kernel, bias = weights
    reach = kernel.shape[0] // 2
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
    height, width = images.shape[1:3]
    taps = [(row, column) for row in range(kernel.shape[0]) for column in range(kernel.shape[1])]
    return bias + sum(padded[:, r : r + height, c : c + width] @ kernel[r, c] for r, c in taps)


def silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))


def test_the_residual_block_is_its_formula() -> None:
    images = normal(2, 5, 4, 3)
    model = network(lambda x: blocks.residual_block(x, 3, name="block"), 5, 4, 3)
    inner = np.maximum(convolved(images, weights_of(model, "block_first")), 0)
    expected = images + convolved(inner, weights_of(model, "block_second"))
    np.testing.assert_allclose(model(images), expected, atol=1e-5)
    activated = network(lambda x: blocks.residual_block(x, 3, name="block", activate_sum=True), 5, 4, 3)
    np.testing.assert_allclose(activated(images), np.maximum(expected, 0), atol=1e-5)


@pytest.mark.parametrize("groups", [None, 2])
@pytest.mark.parametrize("block", [blocks.residual_block, blocks.preactivated_block])
def test_with_its_last_convolution_zeroed_a_residual_block_is_the_identity(block: Any, groups: int | None) -> None:
    images = normal(2, 5, 4, 4)
    model = network(lambda x: block(x, 4, name="block", groups=groups), 5, 4, 4)
    assert np.abs(np.asarray(model(images)) - images).max() > 0.1
    for weight in model.get_layer("block_second").trainable_variables:
        weight.assign(tf.zeros(weight.shape))
    if groups and block is blocks.residual_block:  # the norm after it may shift
        model.get_layer("block_second_norm").beta.assign(np.zeros(4))
    np.testing.assert_array_equal(model(images), images)


def test_the_preactivated_block_starts_as_the_identity_and_is_its_formula() -> None:
    images, condition = normal(2, 5, 4, 3), normal(2, 7, seed=1)
    inputs = keras.Input((5, 4, 3)), keras.Input((7,))
    model = keras.Model(inputs, blocks.preactivated_block(inputs[0], 3, name="block", condition=inputs[1]))
    np.testing.assert_array_equal(model([images, condition]), images)
    for index, weight in enumerate(model.trainable_variables):
        weight.assign(0.3 * normal(*weight.shape, seed=index))
    kernel, bias = weights_of(model, "block_condition")
    inner = convolved(silu(images), weights_of(model, "block_first")) + (silu(condition) @ kernel + bias)[:, None, None]
    expected = images + convolved(silu(inner), weights_of(model, "block_second"))
    np.testing.assert_allclose(model([images, condition]), expected, atol=1e-5)


def test_other_channels_pass_through_a_projection() -> None:
    images = normal(2, 5, 4, 3)
    for block in (blocks.residual_block, blocks.preactivated_block):
        model = network(lambda x, block=block: block(x, 6, name="block"), 5, 4, 3)
        for weight in model.get_layer("block_second").trainable_variables:
            weight.assign(tf.zeros(weight.shape))
        kernel, bias = weights_of(model, "block_projection")
        np.testing.assert_allclose(model(images), images @ kernel[0, 0] + bias, atol=1e-5)


def test_group_norm_sees_no_scale_and_no_shift_of_a_group() -> None:
    images = normal(2, 5, 4, 6)
    model = network(lambda x: group_norm(x, 3, "norm"), 5, 4, 6)
    scaled = images * np.repeat([2, 30, 500], 2) + np.repeat([1, -20, 300], 2)
    np.testing.assert_allclose(model(images), model(scaled.astype("float32")), atol=1e-2)
    gamma, beta = weights_of(model, "norm")
    groups = images.reshape(2, 5, 4, 3, 2)
    mean, variance = (f(groups, axis=(1, 2, 4), keepdims=True) for f in (np.mean, np.var))
    expected = ((groups - mean) / np.sqrt(variance + 1e-3)).reshape(images.shape) * gamma + beta
    np.testing.assert_allclose(model(images), expected, atol=1e-5)
    alone = np.asarray(model(images[:1]))  # single image
    np.testing.assert_allclose(alone, model(images)[:1], atol=1e-6)


def test_a_condition_is_scale_and_shift_where_each_channel_is_normalised_by_itself() -> None:
    """Instance normalisation would remove a shift added before it."""
    images, condition = normal(2, 5, 4, 3), normal(2, 7, seed=1)
    inputs = [keras.Input((5, 4, 3)), keras.Input((7,))]
    block = blocks.preactivated_block(inputs[0], 3, name="block", groups=INSTANCE_NORM, condition=inputs[1])
    model = keras.Model(inputs, block)
    for index, weight in enumerate(model.trainable_variables):
        weight.assign(0.3 * normal(*weight.shape, seed=index + 2))

    def adapted(x: np.ndarray, place: str) -> np.ndarray:
        mean, variance = (f(x, axis=(1, 2), keepdims=True) for f in (np.mean, np.var))
        scale, shift = (
            (condition @ kernel + bias)[:, None, None]
            for kernel, bias in (weights_of(model, f"block_{place}_norm_{part}") for part in ("scale", "shift"))
        )
        return silu((x - mean) / np.sqrt(variance + 1e-3) * scale + shift)

    inner = convolved(adapted(images, "first"), weights_of(model, "block_first"))
    expected = images + convolved(adapted(inner, "second"), weights_of(model, "block_second"))
    np.testing.assert_allclose(model([images, condition]), expected, atol=1e-4)


def test_groups_divide_the_channels() -> None:
    model = network(lambda x: group_norm(x, 8, "norm"), 5, 4, 12)
    assert model.get_layer("norm").groups == 4


def test_depth_to_space_is_its_definition() -> None:
    size, channels = 3, 2
    x = normal(2, 4, 5, size**2 * channels)
    expected = np.zeros((2, 12, 15, channels), "float32")
    for row in range(12):
        for column in range(15):
            for channel in range(channels):
                source = (size * (row % size) + column % size) * channels + channel
                expected[:, row, column, channel] = x[:, row // size, column // size, source]
    np.testing.assert_array_equal(blocks.DepthToSpace(size)(x), expected)
    assert blocks.DepthToSpace(size)(keras.Input((None, 5, 18))).shape == (None, None, 15, 2)


def test_upsampling_by_depth_to_space_and_by_the_nearest_pixel() -> None:
    images = normal(2, 4, 5, 3)
    model = network(lambda x: blocks.upsample(x, 2, name="up"), 4, 5, 3)
    deep = convolved(images, weights_of(model, "up_convolution")).reshape(2, 4, 5, 2, 2, 2)
    expected = deep.transpose(0, 1, 3, 2, 4, 5).reshape(2, 8, 10, 2)
    np.testing.assert_allclose(model(images), expected, atol=1e-5)
    model = network(lambda x: blocks.upsample(x, 2, name="up", method="nearest"), 4, 5, 3)
    expected = convolved(images.repeat(2, axis=1).repeat(2, axis=2), weights_of(model, "up_convolution"))
    np.testing.assert_allclose(model(images), expected, atol=1e-5)


def unet(x: Any, method: blocks.Upsampling = "depth_to_space") -> Any:
    """A U-Net with two levels, conditioned on the picture's mean."""
    condition = layers.GlobalAveragePooling2D()(x)
    x, first = blocks.unet_down(x, 4, blocks=1, name="down_0", groups=2, condition=condition)
    x, second = blocks.unet_down(x, 6, blocks=2, name="down_1")
    x = blocks.preactivated_block(x, 6, name="middle")
    x = blocks.unet_up(x, second, 6, blocks=1, name="up_1", method=method)
    return blocks.unet_up(x, first, 3, blocks=1, name="up_0", groups=3, condition=condition)


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (5, 6), (1, 3)])
def test_a_unet_keeps_any_size_known_or_not(size: tuple[int, int]) -> None:
    images = normal(2, *size, 3)
    fixed, free = network(unet, *size, 3), network(unet, None, None, 3)
    assert fixed.output.shape == (None, *size, 3) and free.output.shape == (None, None, None, 3)
    np.testing.assert_allclose(fixed(images), free(images), atol=1e-5)


def test_what_a_unets_skip_holds_comes_out_beside_what_was_doubled() -> None:
    images = normal(2, 7, 5, 3)
    image = keras.Input((7, 5, 3))
    x, skip = blocks.unet_down(image, 3, blocks=0, name="down")
    model = keras.Model(image, [x, skip, blocks.unet_up(x, skip, 2, blocks=0, name="up")])
    halved, kept, both = (np.asarray(output) for output in model(images))
    assert halved.shape == (2, 4, 3, 3)
    np.testing.assert_array_equal(kept, images)
    np.testing.assert_array_equal(both[..., 2:], images)
    doubled = blocks.DepthToSpace(2)(convolved(halved, weights_of(model, "up_double_convolution")))
    np.testing.assert_allclose(both[..., :2], doubled[:, :7, :5], atol=1e-5)


def test_cropping_leaves_the_upper_left() -> None:
    images = normal(1, 6, 8, 2)
    np.testing.assert_array_equal(blocks.crop(tf.constant(images), 5, 7, "crop"), images[:, :5, :7])
    whole = tf.constant(images)
    assert blocks.crop(whole, 6, 8, "crop") is whole
    np.testing.assert_array_equal(blocks.CropLike()(images, normal(1, 4, 3, 5)), images[:, :4, :3])


@pytest.mark.parametrize("method", ["depth_to_space", "nearest"])
def test_litert_runs_a_unet_at_sizes_it_was_not_converted_at(method: blocks.Upsampling, tmp_path: Path) -> None:
    model = network(lambda x: unet(x, method), None, None, 3)
    model.export(tmp_path, format="tf_saved_model", verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    interpreter = Interpreter(model_content=converter.convert())
    (entering,), (leaving,) = interpreter.get_input_details(), interpreter.get_output_details()
    for size in ((8, 8), (7, 10), (13, 5)):
        images = normal(2, *size, 3)
        interpreter.resize_tensor_input(entering["index"], images.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(entering["index"], images)
        interpreter.invoke()
        np.testing.assert_allclose(interpreter.get_tensor(leaving["index"]), model(images), rtol=1e-4, atol=1e-4)


def test_batch_norm_and_its_activation() -> None:
    images = normal(2, 5, 4, 3)
    for slope in (None, 0.1):
        model = network(lambda x, slope=slope: blocks.batch_norm_activation(x, 0.9, "a", slope), 5, 4, 3)
        gamma, beta, *_ = weights_of(model, "normalisation_a")
        normalised = images / np.sqrt(1 + 1e-3) * gamma + beta
        expected = np.where(normalised > 0, normalised, (slope or 0) * normalised)
        np.testing.assert_allclose(model(images), expected, atol=1e-5)


def test_a_gaussian_head_gives_the_mean_before_the_log_variance() -> None:
    features = keras.Input((5,))
    model = keras.Model(features, blocks.gaussian_head(features, 2))
    x = normal(3, 5)
    for name, found in zip(("mean", "log_variance"), model(x), strict=True):
        kernel, bias = weights_of(model, name)
        np.testing.assert_allclose(found, x @ kernel + bias, atol=1e-5)


def test_strided_features_are_convolutions_and_activations_in_turn() -> None:
    images = normal(2, 8, 6, 4)
    model = network(
        lambda x: strided_features(x, (5, 3), kernel_size=3, slope=0.2, normalisation_momentum=0.9, first=0), 8, 6, 4
    )
    # TensorFlow's "same" padding adds the odd pixel at the end: for even sizes, every second position from the second.
    x = convolved(images, weights_of(model, "convolution_0"))[:, 1::2, 1::2]
    x = np.where(x > 0, x, 0.2 * x)
    kernel, bias = weights_of(model, "convolution_1")
    strided = tf.nn.conv2d(x, kernel, 2, "SAME").numpy() + bias
    gamma, beta, *_ = weights_of(model, "normalisation_1")
    strided = strided / np.sqrt(1 + 1e-3) * gamma + beta
    np.testing.assert_allclose(model(images), np.where(strided > 0, strided, 0.2 * strided), atol=1e-5)
    assert not any("normalisation_0" in layer.name or "dropout" in layer.name for layer in model.layers)


@pytest.mark.parametrize("fast", [True, False])
def test_fast_layers_are_a_choice(fast: bool) -> None:
    image = keras.Input((8, 8, 1))
    x = strided_features(image, (2, 2), kernel_size=3, slope=0.2, normalisation_momentum=0.9, dropout=0.5, fast=fast)
    model = keras.Model(image, blocks.batch_norm_activation(x, 0.9, "last", fast=fast))
    found = {
        layer.name: hasattr(layer, "stands_for") for layer in model.layers if layer.weights or "drop" in layer.name
    }
    names = ("convolution_1", "convolution_2", "normalisation_2", "normalisation_last", "dropout_1", "dropout_2")
    assert found == dict.fromkeys(names, fast)


def test_the_discriminators_options_are_layers() -> None:
    image = keras.Input((8, 8, 1))
    features = strided_features(image, (2, 2), kernel_size=3, slope=0.2, dropout=0.5, spectral_normalisation=True)
    model = keras.Model(image, logits(features, use_bias=False, spectral_normalisation=True))
    names = [layer.name for layer in model.layers if layer.name.startswith(("dropout", "convolution", "logits"))]
    expected = ["convolution_1_normalised", "dropout_1", "convolution_2_normalised", "dropout_2", "logits_normalised"]
    assert names == expected
    assert model.output.shape == (None, 1)
    images = normal(4, 8, 8, 1)
    assert np.abs(np.asarray(model(images, training=True)) - np.asarray(model(images))).max() > 1e-4  # some are dropped


def test_time_embeddings_are_cosines_and_sines() -> None:
    times = np.array([0, 1, 500])
    found = np.asarray(SinusoidalEmbedding(6)(times))
    angles = times[:, None] * np.array([1, 10_000 ** (-1 / 3), 10_000 ** (-2 / 3)])
    np.testing.assert_allclose(found, np.concatenate([np.cos(angles), np.sin(angles)], axis=1), atol=1e-4)
    np.testing.assert_array_equal(found[0], [1, 1, 1, 0, 0, 0])
    slow = np.asarray(SinusoidalEmbedding(4, longest=100.0)(np.array([2.5])))
    np.testing.assert_allclose(slow[0, [1, 3]], [np.cos(0.25), np.sin(0.25)], atol=1e-6)
    assert SinusoidalEmbedding(6)(keras.Input((), dtype="int32")).shape == (None, 6)
    with pytest.raises(ValueError, match="size is 5"):
        SinusoidalEmbedding(5)


def test_learned_positions_are_rows_of_a_table() -> None:
    tokens = np.zeros((2, 4), "int32")
    positions = Positions()(tokens)
    np.testing.assert_array_equal(positions, np.arange(4))
    embedding = learned_positions(4000, 3, 0.5)
    np.testing.assert_array_equal(embedding(positions), embedding.embeddings[:4])
    assert np.std(embedding.get_weights()[0]) == pytest.approx(0.5, rel=0.05)
