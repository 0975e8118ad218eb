"""The patch transformer against its definition in NumPy."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from aigc_tf.nn.patches import patch_transformer

PATCH, WIDTH, HEADS, CHANNELS, SIDE = 2, 8, 2, 3, 4


@pytest.fixture
def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    image, condition = keras.Input((SIDE, SIDE, CHANNELS)), keras.Input((5,))
    sizes = {"patch": PATCH, "width": WIDTH, "depth": 1, "heads": HEADS, "channels": CHANNELS}
    return keras.Model([image, condition], patch_transformer(image, condition, **sizes))


@pytest.fixture
def given() -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.standard_normal(shape).astype(np.float32) for shape in ((2, SIDE, SIDE, CHANNELS), (2, 5))]


def silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))


def squares(images: np.ndarray) -> np.ndarray:
    """`[batch, patches, patch² * channels]`."""
    count = SIDE // PATCH
    cut = images.reshape(-1, count, PATCH, count, PATCH, CHANNELS).transpose(0, 1, 3, 2, 4, 5)
    return cut.reshape(len(images), count**2, -1)


def expected(network: keras.Model, image: np.ndarray, condition: np.ndarray) -> np.ndarray:
    """Peebles & Xie 2023, figure 3: output patches."""

    def dense(name: str, x: np.ndarray) -> np.ndarray:
        kernel, *bias = (weight.numpy() for weight in network.get_layer(name).weights)
        return x @ kernel.reshape(-1, kernel.shape[-1]) + sum(bias)

    def told(name: str) -> np.ndarray:
        return dense(name, silu(condition))[:, None]

    def normalised(name: str, x: np.ndarray) -> np.ndarray:
        deviation = np.sqrt(x.var(-1, keepdims=True) + 1e-3)
        return (x - x.mean(-1, keepdims=True)) / deviation * told(f"{name}_norm_scale") + told(f"{name}_norm_shift")

    x = dense("patch", squares(image)) + network.get_layer("patch_places").vectors.numpy()
    projected = dense("queries_keys_values_block_0", normalised("block_0_attention", x))
    parts = projected.reshape(*x.shape[:2], 3, HEADS, WIDTH // HEADS).transpose(2, 0, 3, 1, 4)
    scores = np.exp(parts[0] @ parts[1].swapaxes(-1, -2) / np.sqrt(WIDTH / HEADS))
    mixed = (scores / scores.sum(-1, keepdims=True) @ parts[2]).transpose(0, 2, 1, 3).reshape(x.shape)
    x = x + told("block_0_attention_gate") * dense("attention_output_block_0", mixed)
    inner = dense("block_0_widen", normalised("block_0_feed_forward", x))
    inner = np.asarray(keras.activations.gelu(inner.astype(np.float32)))
    x = x + told("block_0_feed_forward_gate") * dense("block_0_narrow", inner)
    return dense("pixels", normalised("last", x))


def test_it_is_what_the_paper_defines(network: keras.Model, given: list[np.ndarray]) -> None:
    random = np.random.default_rng(1)
    for weight in network.weights:
        weight.assign(weight + 0.3 * random.standard_normal(weight.shape))
    made = network(given).numpy()
    np.testing.assert_allclose(squares(made), expected(network, *given), atol=1e-4)


def test_it_starts_as_0_and_its_blocks_as_nothing(network: keras.Model, given: list[np.ndarray]) -> None:
    assert not network(given).numpy().any()
    block = keras.Model(network.inputs, [network.get_layer("patch_places").output, network.get_layer("block_0").output])
    np.testing.assert_array_equal(*block(given))


def test_what_is_done_between_is_done_in_each_block() -> None:
    seen = []

    def look(x, name: str):
        seen.append((tuple(x.shape[1:]), name))
        return x

    image, condition = keras.Input((SIDE, SIDE, CHANNELS)), keras.Input((5,))
    patch_transformer(image, condition, patch=2, width=8, depth=2, heads=2, channels=3, look=look)
    assert seen == [((4, 8), "_block_0"), ((4, 8), "_block_1")]
