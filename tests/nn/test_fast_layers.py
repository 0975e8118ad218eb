"""Fast layers match Keras's, gradients included."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.nn import fast_layers

RANDOM = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype("float32")


def outputs_and_gradients(layer: keras.layers.Layer, inputs: np.ndarray, slopes: np.ndarray) -> list[np.ndarray]:
    x = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = layer(x, training=True)
    gradients = tape.gradient(outputs, [x, *layer.trainable_variables], output_gradients=tf.constant(slopes))
    return [value.numpy() for value in (outputs, *gradients)]


def assert_same_as_plain(layer: Any, inputs: np.ndarray) -> None:
    """Compare outputs, gradients and state."""
    twin = layer.stands_for.from_config(layer.get_config())
    layer.build(inputs.shape)
    twin.build(inputs.shape)
    weights = [normal(*weight.shape) for weight in layer.weights]
    for built in (layer, twin):
        built.set_weights(weights)
    slopes = normal(*twin.compute_output_shape(inputs.shape))
    found, expected = (outputs_and_gradients(built, inputs, slopes) for built in (layer, twin))
    for a, b in zip(found + layer.get_weights(), expected + twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5 * max(1.0, float(np.abs(b).max())))


@pytest.mark.parametrize("kernel", [2, 3, 4, 5, 6, 7, (3, 6)])
@pytest.mark.parametrize("channels", [1, 3])
def test_convolutions_of_stride_2(kernel: Any, channels: int):
    options: dict[str, Any] = {"kernel_size": kernel, "strides": 2, "padding": "same", "activation": "tanh"}
    assert_same_as_plain(fast_layers.Conv2D(5, **options), normal(2, 8, 6, channels))
    assert_same_as_plain(fast_layers.Conv2DTranspose(channels, **options), normal(2, 4, 3, 5))


@pytest.mark.parametrize(("kernel", "size"), [(5, 3), (5, 7), (7, 8)])
def test_transposed_convolutions_by_their_spectra(kernel: int, size: int):
    layer = fast_layers.Conv2DTranspose(32, kernel, padding="same")
    inputs = normal(3, size, size, 40)
    assert layer.is_spectral(inputs)
    assert_same_as_plain(layer, inputs)


@pytest.mark.parametrize(
    ("kernel", "shape"),
    [
        (3, (2, 7, 7, 32)),
        (4, (2, 7, 7, 32)),
        (5, (2, 7, 6, 32)),
        (5, (2, 9, 9, 32)),
        (5, (2, 7, 7, 31)),
        (1, (2, 7, 7, 32)),
    ],
)
def test_other_transposed_convolutions_have_no_spectra(kernel: int, shape: tuple[int, ...]):
    layer = fast_layers.Conv2DTranspose(32, kernel, padding="same")
    assert not layer.is_spectral(normal(*shape))
    assert_same_as_plain(layer, normal(*shape))


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"strides": 1}, (2, 8, 8, 1)),
        ({"padding": "valid"}, (2, 8, 8, 1)),
        ({"kernel_size": 1}, (2, 8, 8, 1)),
        ({}, (2, 7, 8, 1)),
        ({}, (2, 8, 8, 4)),
    ],
)
def test_other_convolutions_are_left_as_they_are(options: dict[str, Any], shape: tuple[int, ...]):
    options = {"kernel_size": 5, "strides": 2, "padding": "same"} | options
    assert_same_as_plain(fast_layers.Conv2D(6, **options), normal(*shape))
    assert_same_as_plain(fast_layers.Conv2DTranspose(shape[-1], **options), normal(2, 4, 4, 6))


@pytest.mark.parametrize("shape", [(16, 6), (4, 5, 5, 3)])
def test_batch_normalisation(shape: tuple[int, ...]):
    assert_same_as_plain(fast_layers.BatchNormalization(momentum=0.8), 3 * normal(*shape) + 1)


@pytest.mark.parametrize("options", [{"axis": 1}, {"scale": False}, {"center": False}])
def test_other_batch_normalisation_is_left_as_it_is(options: dict[str, Any]):
    assert_same_as_plain(fast_layers.BatchNormalization(**options), normal(4, 5, 5, 3))


def test_batch_normalisation_at_rest_changes_nothing():
    layer = fast_layers.BatchNormalization()
    layer(normal(4, 3), training=True)
    before = layer.get_weights()
    layer(normal(4, 3), training=False)
    assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True))


def test_dropout_drops_its_share_and_keeps_the_mean():
    layer = fast_layers.Dropout(0.3, seed=1)
    ones = np.ones((1001, 333), "float32")
    outputs = layer(ones, training=True).numpy()
    dropped = (outputs == 0).mean()
    deviation = np.sqrt(0.3 * 0.7 / ones.size)
    assert abs(dropped - 0.3) < 4 * deviation
    np.testing.assert_allclose(outputs[outputs > 0], 1 / 0.7, rtol=1e-4)
    # Rows and columns are independent, in particular the halves of each 32 random bits.
    kept = outputs.ravel()[: ones.size // 2 * 2].reshape(-1, 2) > 0
    assert abs(np.corrcoef(kept.T)[0, 1]) < 4 / np.sqrt(len(kept))
    assert np.array_equal(layer(ones, training=False), ones)


def test_dropout_draws_anew_and_goes_on_where_its_state_says():
    layer, ones = fast_layers.Dropout(0.5, seed=1), np.ones((64, 64), "float32")
    first, second = layer(ones, training=True).numpy(), layer(ones, training=True).numpy()
    assert 0.4 < (first == second).mean() < 0.6
    other = fast_layers.Dropout(0.5, seed=2)
    other(ones)
    state = fast_layers.Dropout(0.5, seed=1)
    state(ones, training=True)
    other.seed_generator.state.assign(state.seed_generator.state)
    np.testing.assert_array_equal(other(ones, training=True), second)


def test_compiled_dropout_of_unknown_batches():
    layer = fast_layers.Dropout(0.5, seed=1)
    compiled = tf.function(lambda x: layer(x, training=True), input_signature=[tf.TensorSpec((None, 3))])
    assert compiled(tf.ones((5, 3))).shape == (5, 3)


def test_plain_networks_have_keras_layers_alone_and_give_the_same():
    inner_input = keras.Input((8, 8, 1))
    inner = keras.Model(inner_input, fast_layers.Conv2D(3, 5, strides=2, padding="same")(inner_input))
    image = keras.Input((8, 8, 1))
    dense = keras.layers.Dense(2)
    network = keras.Model(image, dense(fast_layers.BatchNormalization()(inner(image))))
    twin = fast_layers.plain(network)
    images = normal(4, 8, 8, 1)
    np.testing.assert_allclose(twin(images), network(images), atol=1e-5)
    assert not any(hasattr(layer, "stands_for") for layer in twin._flatten_layers())
    assert any(hasattr(layer, "stands_for") for layer in network._flatten_layers())
    simple = keras.Sequential([image, keras.layers.Flatten()])
    assert fast_layers.plain(simple) is simple
