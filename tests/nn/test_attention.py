"""Attention: formula, masks, and equal results with a KV cache."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.nn.attention import Attention, MultiHeadAttention, TransformerBlock
from aigc_tf.nn.embeddings import rotary_angles, rotate
from aigc_tf.nn.heads import attend

HEADS, WIDTH, CONTEXT = 2, 8, 6


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def by_definition(queries: np.ndarray, keys: np.ndarray, values: np.ndarray, visible: Any = True) -> np.ndarray:
    """softmax(Q Kᵀ / √d) V, head by head, of `[batch, time, width]` each, in float64."""
    mixed = []
    for q, k, v in zip(
        *(np.split(part.astype("float64"), HEADS, axis=-1) for part in (queries, keys, values)), strict=True
    ):
        scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
        weights = np.where(visible, np.exp(scores), 0)
        mixed.append(weights / weights.sum(axis=-1, keepdims=True) @ v)
    return np.concatenate(mixed, axis=-1)


def attention(**options: Any) -> MultiHeadAttention:
    keras.utils.set_random_seed(1)
    return MultiHeadAttention(WIDTH, HEADS, name="0", **options)


def test_self_attention_is_its_formula() -> None:
    x = normal(3, 5, WIDTH)
    block = attention()
    found, weights = block(x)
    queries, keys, values = np.split(x @ block.projection.get_weights()[0], 3, axis=-1)
    np.testing.assert_allclose(found, by_definition(queries, keys, values) @ block.output.get_weights()[0], atol=1e-5)
    assert weights.shape == (3, HEADS, 5, 5)
    np.testing.assert_allclose(np.sum(weights, axis=-1), 1, atol=1e-6)


def test_cross_attention_is_its_formula() -> None:
    x, memory = normal(3, 5, WIDTH), normal(3, 7, 10, seed=1)
    block = attention(memory_width=10)
    found, weights = block(x, memory)
    queries = x @ block.projection.get_weights()[0]
    keys, values = np.split(memory @ block.memory_projection.get_weights()[0], 2, axis=-1)
    np.testing.assert_allclose(found, by_definition(queries, keys, values) @ block.output.get_weights()[0], atol=1e-5)
    assert weights.shape == (3, HEADS, 5, 7)


def test_causal_attention_is_its_formula_and_does_not_look_ahead() -> None:
    x = normal(2, CONTEXT, WIDTH)
    block = attention(causal=True)
    before = np.asarray(block(x)[0])
    queries, keys, values = np.split(x @ block.projection.get_weights()[0], 3, axis=-1)
    expected = by_definition(queries, keys, values, np.tri(CONTEXT, dtype=bool)) @ block.output.get_weights()[0]
    np.testing.assert_allclose(before, expected, atol=1e-5)
    x[:, 3] += 1
    after = np.asarray(block(x)[0])
    np.testing.assert_array_equal(after[:, :3], before[:, :3])  # bit by bit
    assert (np.abs(after - before)[:, 3:].max(axis=-1) > 1e-4).all()


def test_without_a_mask_everything_is_seen() -> None:
    x = normal(2, CONTEXT, WIDTH)
    block = attention()
    before = np.asarray(block(x)[0])
    x[:, 3] += 1
    assert (np.abs(np.asarray(block(x)[0]) - before).max(axis=-1) > 1e-4).all()


@pytest.mark.parametrize("causal", [False, True])
def test_what_is_not_visible_counts_for_nothing(causal: bool) -> None:
    """Rows of different lengths in one batch match each row alone."""
    x = normal(2, CONTEXT, WIDTH)
    block = attention(causal=causal)
    lengths = np.array([4, CONTEXT])
    found = np.asarray(block(x, visible=np.arange(CONTEXT) < lengths[:, None])[0])
    for row, length in enumerate(lengths):
        np.testing.assert_allclose(found[row, :length], block(x[row : row + 1, :length])[0][0], atol=1e-5)
    later = block(x, visible=np.arange(CONTEXT)[None] >= 2)[0][:, 2:]  # masked positions may also come first
    np.testing.assert_allclose(later, block(x[:, 2:])[0], atol=1e-5)
    memory = normal(2, 7, 10, seed=1)
    cross = attention(memory_width=10)
    found = np.asarray(cross(x, memory, np.arange(7) < np.array([[3], [7]]))[0])
    np.testing.assert_allclose(found[:1], cross(x[:1], memory[:1, :3])[0], atol=1e-5)


@pytest.mark.parametrize("rotary_context", [None, CONTEXT])
@pytest.mark.parametrize("pieces", [(1, 1, 1, 1, 1, 1), (4, 2), (3, 1, 2)])
def test_with_a_cache_it_gives_what_it_gives_without(pieces: tuple[int, ...], rotary_context: int | None) -> None:
    x = normal(2, CONTEXT, WIDTH)
    block = attention(causal=True, rotary_context=rotary_context)
    whole = block(x)[0]
    keys = values = np.zeros((2, HEADS, CONTEXT, WIDTH // HEADS), "float32")
    at = 0
    for piece in pieces:
        position = np.full(2, at, "int32")
        found, keys, values = block.cached(x[:, at : at + piece], keys, values, position)
        np.testing.assert_allclose(found, whole[:, at : at + piece], atol=1e-5)
        at += piece


def test_rotary_attention_knows_distances_alone() -> None:
    """Vectors shifted by three positions give the same outputs, and reordered ones do not."""
    block = attention(rotary_context=20)
    x = normal(1, CONTEXT, WIDTH)
    padded = np.concatenate([normal(1, 3, WIDTH, seed=1), x], axis=1)
    later = block(padded, visible=np.arange(9)[None] >= 3)[0][:, 3:]
    np.testing.assert_allclose(block(x)[0], later, atol=1e-5)
    turned_round = np.asarray(block(x[:, ::-1])[0])[:, ::-1]
    assert np.abs(np.asarray(block(x)[0]) - turned_round).max() > 1e-3
    without = attention()
    np.testing.assert_allclose(without(x)[0], np.asarray(without(x[:, ::-1])[0])[:, ::-1], atol=1e-5)


def test_rotation_multiplies_complex_numbers() -> None:
    """Pair i at position p is rotated by p times 10,000^(-2i / head)."""
    x = normal(CONTEXT, 4)
    cosines, sines = rotary_angles(CONTEXT, 4)
    angles = np.arange(CONTEXT)[:, None] * np.array([1, 0.01])
    turned = (x[:, :2] + 1j * x[:, 2:]) * np.exp(1j * angles)
    np.testing.assert_allclose(rotate(x, cosines, sines), np.concatenate([turned.real, turned.imag], 1), atol=1e-5)


def test_a_second_input_fits_no_mask_over_the_first() -> None:
    for options in ({"causal": True}, {"rotary_context": 5}):
        with pytest.raises(ValueError, match="positions of the second input"):
            Attention(HEADS, **options)(normal(1, 5, WIDTH), normal(1, 7, 2 * WIDTH))


def test_what_sees_everything_has_no_cache() -> None:
    cache = np.zeros((1, HEADS, CONTEXT, WIDTH // HEADS), "float32")
    with pytest.raises(ValueError, match="attention 0 is not causal"):
        attention().cached(normal(1, 1, WIDTH), cache, cache, np.zeros(1, "int32"))


def sharpened(**options: Any) -> MultiHeadAttention:
    """A layer with scores up to ±thousands, as in hard attention."""
    block = attention(**options)
    block(normal(1, 2, WIDTH), *([normal(1, 2, options["memory_width"])] if "memory_width" in options else []))
    if "memory_width" in options:
        block.projection.kernel.assign(block.projection.kernel * 100)
        factors = np.repeat([100, 1], WIDTH)
        block.memory_projection.kernel.assign(block.memory_projection.kernel * factors)
    else:
        block.projection.kernel.assign(block.projection.kernel * np.repeat([100, 100, 1], WIDTH))
    return block


@pytest.mark.parametrize("rotary_context", [None, CONTEXT])
def test_no_score_is_large_enough_to_look_ahead(rotary_context: int | None) -> None:
    """In the forward pass and, in training, the backward pass; and with a cache, for any content of later positions."""
    x = normal(2, CONTEXT, WIDTH)
    block = sharpened(causal=True, rotary_context=rotary_context)
    before = np.asarray(block(x)[0])
    other = x.copy()
    other[:, 3:] = normal(2, CONTEXT - 3, WIDTH, seed=1)
    np.testing.assert_array_equal(np.asarray(block(other)[0])[:, :3], before[:, :3])
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        earlier = keras.ops.sum(block(inputs)[0][:, :3] ** 2)
    gradient = tape.gradient(earlier, inputs).numpy()
    assert np.isfinite(gradient).all() and np.abs(gradient[:, :3]).max() > 0 and (gradient[:, 3:] == 0).all()
    cache = 1000 * normal(2, HEADS, CONTEXT, WIDTH // HEADS, seed=2)
    found, *_ = block.cached(x[:, :3], cache, cache, np.zeros(2, "int32"))
    np.testing.assert_allclose(found, before[:, :3], atol=1e-4)


def test_no_score_is_large_enough_to_see_what_is_not_visible() -> None:
    x, memory = normal(2, CONTEXT, WIDTH), normal(2, 7, 10, seed=1)
    visible = np.arange(7) < np.array([[3], [7]])
    cross = sharpened(memory_width=10)
    found, weights = cross(x, memory, visible)
    assert (np.asarray(weights)[0, ..., 3:] == 0).all()
    np.testing.assert_allclose(found[:1], cross(x[:1], memory[:1, :3])[0], atol=1e-4)
    own = sharpened()
    found = own(x, visible=np.arange(CONTEXT)[None] >= 2)[0][:, 2:]
    np.testing.assert_allclose(found, own(x[:, 2:])[0], atol=1e-4)


def test_where_nothing_is_visible_there_are_still_numbers() -> None:
    x = normal(1, CONTEXT, WIDTH)
    assert np.isfinite(attention()(x, visible=np.zeros((1, CONTEXT), bool))[0]).all()


def test_large_scores_are_attended_to_alone() -> None:
    queries = np.eye(3, dtype="float32")[None, None] * 50
    mixed, _ = attend(queries, queries, normal(1, 1, 3, 4))
    np.testing.assert_allclose(mixed, normal(1, 1, 3, 4), atol=1e-6)


def test_a_transformer_block_adds_attention_and_a_dense_network_to_its_stream() -> None:
    keras.utils.set_random_seed(0)
    x = normal(2, CONTEXT, WIDTH)
    block = TransformerBlock(WIDTH, HEADS, name="0", causal=True)

    def normalised(stream: np.ndarray) -> np.ndarray:
        return stream / np.sqrt((stream**2).mean(axis=-1, keepdims=True) + 1e-6)

    stream = x + np.asarray(block.attention(normalised(x))[0])
    found = block(x)
    widen, narrow = block.widen.get_weights()[0], block.narrow.get_weights()[0]
    np.testing.assert_allclose(found, stream + np.maximum(normalised(stream) @ widen, 0) @ narrow, atol=1e-4)
    nothing = block(x, lambda attention, x: attention(x)[0] * 0)
    np.testing.assert_allclose(nothing, x + np.maximum(normalised(x) @ widen, 0) @ narrow, atol=1e-4)


def test_what_is_added_starts_as_small_as_asked() -> None:
    keras.utils.set_random_seed(0)
    block = TransformerBlock(128, 4, name="0", added=0.1)
    block(normal(1, 3, 128))
    expected = {"output": 0.1 * 128**-0.5, "projection": 128**-0.5}
    for name, deviation in expected.items():
        assert np.std(getattr(block.attention, name).get_weights()[0]) == pytest.approx(deviation, rel=0.05)
    assert np.std(block.widen.get_weights()[0]) == pytest.approx(128**-0.5, rel=0.05)
    assert np.std(block.narrow.get_weights()[0]) == pytest.approx(0.1 * 512**-0.5, rel=0.05)
