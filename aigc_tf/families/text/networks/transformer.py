"""A decoder-only transformer: 003 §4.1's self-attention, stacked as in Radford et al. 2019."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.families.text.networks.language import LanguageNetworks, feedback_of, step_network
from aigc_tf.recipes.gpt import GPT

# Added to a score, it makes softmax's weight 0. A usual -1e9 would leave the scores no room in 8-bit arithmetic.
MASKED = -60.0
ROTARY_BASE = 10_000.0
PREFILLED = 32  # tokens of a prompt that one call reads


def language_model(recipe: GPT, vocabulary: Vocabulary) -> LanguageNetworks:
    """Token and position -> blocks -> norm -> logits, the embedding's matrix used twice (Press & Wolf 2017).

    The keys and values of each block are tensors `[batch, heads, context, width / heads]` of their own: gathered in
    one tensor they would be copied once more to be taken apart. All sequences of a batch are at the same position.
    """
    symbols, context = len(vocabulary), recipe.text.context
    embedding = layers.ReversibleEmbedding(
        symbols, recipe.width, embeddings_initializer=_normal(recipe.embedding_deviation), name="token_embedding"
    )
    positions = None
    if recipe.positions == "learned":
        positions = layers.Embedding(
            context, recipe.width, embeddings_initializer=_normal(recipe.embedding_deviation), name="position_embedding"
        )
    dropout = layers.Dropout(recipe.dropout, seed=recipe.seed, name="embedding_dropout")
    blocks = [Block(recipe, index) for index in range(recipe.depth)]
    norm = layers.RMSNormalization(name="last_norm")

    def network(tokens: Any, places: Any, attend: Callable[[int, Any], Any], last: Callable[[Any], Any]) -> Any:
        """Logits; `attend` says how the block of a number sees other positions, `last` picks what is asked for."""
        x = embedding(tokens)
        if positions is not None:
            x = x + positions(places)
        x = dropout(x)
        for index, block in enumerate(blocks):
            x = block(x, partial(attend, index))
        return embedding(last(norm(x)), reverse=True)

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    places = Places(name="places")(tokens)
    whole = [CausalAttention(recipe, name=f"attention_{index}") for index in range(recipe.depth)]
    logits = network(tokens, places, lambda index, x: whole[index](x)[0], lambda x: x)
    sequence = keras.Model(tokens, logits, name="sequence")
    weights: list[Any] = []

    def watched(index: int, x: Any) -> Any:
        mixed, weight = whole[index](x)
        weights.append(weight)
        return mixed

    network(tokens, places, watched, lambda x: x)
    attention = keras.Model(tokens, weights, name="attention")

    token = keras.Input((), dtype="int32", name="token")
    states, new_states, attend = _cached(recipe, 1)
    position = states["position"]
    logits = network(token[:, None], position[:, None], attend, lambda x: x[:, 0])
    step = step_network(token, states, logits, new_states | {"position": position + 1}, "step")

    piece = min(PREFILLED, context)
    prompt = keras.Input((piece,), dtype="int32", name="tokens")
    count = keras.Input((), dtype="int32", name="count")
    states, new_states, attend = _cached(recipe, piece)
    position = states["position"]
    places = ops.minimum(position[:, None] + np.arange(piece, dtype="int32"), context - 1)
    logits = network(prompt, places, attend, lambda x: PickLast(name="pick_last")(x, count))
    new_states |= {"position": position + count}
    prefill = step_network(prompt, states, logits, new_states, "prefill", count)
    return LanguageNetworks(sequence, step, feedback_of(states), prefill, attention)


def _cached(recipe: GPT, piece: int) -> tuple[dict[str, Any], dict[str, Any], Callable[[int, Any], Any]]:
    """The states of a network with a cache, its new ones, filled in as it is built, and how it attends."""
    head = recipe.width // recipe.heads
    states: dict[str, Any] = {"position": keras.Input((), dtype="int32", name="position")}
    for index in range(recipe.depth):
        for name in (f"keys_{index}", f"values_{index}"):
            states[name] = keras.Input((recipe.heads, recipe.text.context, head), name=name)
    new_states: dict[str, Any] = {}

    def attend(index: int, projected: Any) -> Any:
        attention = CachedAttention(recipe, name=f"cached_attention_{piece}_{index}")
        names = f"keys_{index}", f"values_{index}"
        mixed, *new = attention(projected, *(states[name] for name in names), states["position"])
        new_states.update(zip(names, new, strict=True))
        return mixed

    return states, new_states, attend


class Block:
    """The layers of a transformer block, normalising first; how positions see each other is an argument."""

    def __init__(self, recipe: GPT, index: int):
        def dense(units: int, name: str, deviation: float, activation: str | None = None) -> layers.Dense:
            initializer = _normal(deviation)
            return layers.Dense(
                units, activation, use_bias=False, kernel_initializer=initializer, name=f"{name}_{index}"
            )

        width = recipe.width
        self.attention_norm = layers.RMSNormalization(name=f"attention_norm_{index}")
        self.feed_forward_norm = layers.RMSNormalization(name=f"feed_forward_norm_{index}")
        self.projection = dense(3 * width, "queries_keys_values", width**-0.5)
        # What is added to the stream starts small, the smaller the more there is to add (Radford et al. 2019, §2.3).
        added = (2 * recipe.depth) ** -0.5
        self.output = dense(width, "attention_output", added * width**-0.5)
        self.widen = dense(4 * width, "widen", width**-0.5, recipe.activation)
        self.narrow = dense(width, "narrow", added * (4 * width) ** -0.5)
        self.dropouts = [
            layers.Dropout(recipe.dropout, seed=recipe.seed + 1 + index, name=f"{place}_dropout_{index}")
            for place in ("attention", "feed_forward")
        ]

    def __call__(self, x: Any, attention: Callable[[Any], Any]) -> Any:
        """`[batch, time, width]` -> the same; `attention` makes that of queries, keys, values `[..., 3 * width]`."""
        x = x + self.dropouts[0](self.output(attention(self.projection(self.attention_norm(x)))))
        return x + self.dropouts[1](self.narrow(self.widen(self.feed_forward_norm(x))))


class Places(layers.Layer):
    """Tokens `[batch, time]` -> their positions int32 `[time]`."""

    def call(self, tokens: Any) -> Any:
        return ops.arange(ops.shape(tokens)[1], dtype="int32")

    def compute_output_spec(self, tokens: Any) -> Any:
        return keras.KerasTensor(tokens.shape[1:], "int32")


class PickLast(layers.Layer):
    """Of `[batch, time, width]`, the position before `count`, int32 `[batch]`, the same number throughout."""

    def call(self, x: Any, count: Any) -> Any:
        return ops.take(x, count[0] - 1, axis=1)

    def compute_output_spec(self, x: Any, count: Any) -> Any:
        return keras.KerasTensor((x.shape[0], x.shape[2]), x.dtype)


class SelfAttention(layers.Layer):
    """softmax(Q Kᵀ / √d + mask) V for several heads (003 §4.1; Vaswani et al. 2017, eq. 1)."""

    def __init__(self, recipe: GPT, **kwargs: Any):
        super().__init__(**kwargs)
        self.heads = recipe.heads
        self.rotary = recipe.positions == "rotary"
        if self.rotary:
            self.angles = rotary_angles(recipe.text.context, recipe.width // recipe.heads)

    def split(self, projected: Any) -> list[Any]:
        """Queries, keys and values, each `[batch, heads, time, head]`, of `[batch, time, 3 * width]`."""
        time, head = ops.shape(projected)[1], projected.shape[-1] // (3 * self.heads)
        parts = ops.reshape(projected, (-1, time, 3, self.heads, head))
        return ops.unstack(ops.transpose(parts, (2, 0, 3, 1, 4)), 3)

    def turn(self, queries: Any, keys: Any, places: Any) -> tuple[Any, Any]:
        """Queries and keys turned by their positions `[time]` (Su et al. 2021, eq. 34), if that tells them."""
        if not self.rotary:
            return queries, keys
        cosines, sines = (ops.take(ops.convert_to_tensor(table), places, axis=0) for table in self.angles)
        return rotate(queries, cosines, sines), rotate(keys, cosines, sines)

    @staticmethod
    def mix(queries: Any, keys: Any, values: Any, visible: Any) -> tuple[Any, Any]:
        """`[batch, heads, time, head]` of the values, and the weights `[batch, heads, time, keys]`."""
        scores = ops.matmul(queries * queries.shape[-1] ** -0.5, ops.swapaxes(keys, 2, 3))
        weights = ops.softmax(scores + ops.where(visible, 0.0, MASKED))
        return ops.matmul(weights, values), weights

    @staticmethod
    def merge(mixed: Any) -> Any:
        """`[batch, heads, time, head]` -> `[batch, time, width]`."""
        time, width = ops.shape(mixed)[2], mixed.shape[1] * mixed.shape[3]
        return ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (-1, time, width))


class CausalAttention(SelfAttention):
    """Each position of a whole sequence attends to itself and to what is before it."""

    def call(self, projected: Any) -> tuple[Any, Any]:
        """`[batch, time, 3 * width]` -> `[batch, time, width]`, and the weights `[batch, heads, time, time]`."""
        queries, keys, values = self.split(projected)
        places = ops.arange(ops.shape(projected)[1])
        queries, keys = self.turn(queries, keys, places)
        mixed, weights = self.mix(queries, keys, values, places <= places[:, None])
        return self.merge(mixed), weights


class CachedAttention(SelfAttention):
    """The newest positions attend to themselves, in order, and to what is kept of those before them."""

    def call(self, projected: Any, keys: Any, values: Any, position: Any) -> tuple[Any, Any, Any]:
        """
        Args:
            projected: queries, keys and values of the newest positions, `[batch, time, 3 * width]`.
            keys: `[batch, heads, context, head]`, those of earlier positions filled in.
            values: the same.
            position: int32 `[batch]`, the first of the newest, the same number throughout; with `time` it does not
                go beyond the context.

        Returns:
            What is attended to, `[batch, time, width]`, and keys and values with the newest positions'.
        """
        queries, new_keys, new_values = self.split(projected)
        places = position[0] + np.arange(projected.shape[1], dtype="int32")
        queries, new_keys = self.turn(queries, new_keys, places)
        start = position[:1] * np.array([0, 0, 1, 0], "int32")
        keys, values = ops.slice_update(keys, start, new_keys), ops.slice_update(values, start, new_values)
        mixed, _ = self.mix(queries, keys, values, np.arange(keys.shape[2], dtype="int32") <= places[:, None])
        return self.merge(mixed), keys, values


def rotary_angles(context: int, head: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines `[context, head / 2]` of position times frequency (Su et al. 2021, §3.2.2)."""
    frequencies = ROTARY_BASE ** (-np.arange(0, head, 2) / head)
    angles = np.arange(context)[:, None] * frequencies
    return np.cos(angles).astype("float32"), np.sin(angles).astype("float32")


def rotate(x: Any, cosines: Any, sines: Any) -> Any:
    """Turn the pairs (x_i, x_{i + head/2}) of `[..., time, head]` by angles `[time, head / 2]`."""
    first, second = ops.split(x, 2, axis=-1)
    return ops.concatenate([first * cosines - second * sines, second * cosines + first * sines], axis=-1)


def _normal(deviation: float) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=deviation)
