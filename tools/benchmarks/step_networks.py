"""Two language models that can be called token by token, each beside the same network over a whole sequence.

What a step has to remember goes in and comes out as tensors of fixed shape, so that it needs no Flex operator:
the states of an LSTM, the keys and values of a transformer. All of them start as zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from aigc_tf.models.base import Signature, TensorSpec

# Added to a score, it makes softmax's weight 0. A usual -1e9 would leave the scores no room in 8-bit arithmetic.
MASKED = -60.0


@dataclass(frozen=True)
class StepNetworks:
    """One language model in two forms that share their weights."""

    step: keras.Model
    """Token int32 `[batch]` and states -> logits `[batch, symbols]` and new states, in the order of `feedback`."""
    sequence: keras.Model
    """Tokens int32 `[batch, time]` -> logits `[batch, time, symbols]`, each from the tokens up to its own."""
    feedback: dict[str, str]
    """Which output of the step is which input of the next one."""
    symbols: int

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """The step, as an exported file holds it; `source` is not needed, the examples are random tokens."""
        token, *states = self.step.inputs
        logits, *new_states = self.step.outputs

        def spec(tensor: Any, meaning: str) -> TensorSpec:
            return TensorSpec(tuple(tensor.shape[1:]), meaning, tensor.dtype)

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            tokens = np.random.default_rng(seed).integers(self.symbols, size=count, dtype=np.int32)
            return {"token": tokens} | {
                name: np.zeros((count, *tensor.shape[1:]), tensor.dtype)
                for name, tensor in zip(self.feedback.values(), states, strict=True)
            }

        inputs = {"token": spec(token, f"number of a symbol, 0 to {self.symbols - 1}")}
        outputs = {"logits": spec(logits, "unnormalised log-probability of each symbol to be the next")}
        for (output, name), state, new_state in zip(self.feedback.items(), states, new_states, strict=True):
            inputs[name] = spec(state, "state, zeros at first")
            outputs[output] = spec(new_state, f"{name} of the next step")
        return {"step": Signature(self.step, inputs, outputs, examples, self.feedback)}


def lstm(symbols: int = 100, units: int = 256, depth: int = 2) -> StepNetworks:
    """A language model of LSTM layers (Graves 2013, without its skip connections).

    Args:
        symbols: in the vocabulary.
        units: of each layer, and the size of a symbol's embedding.
        depth: how many layers.
    """
    embedding = layers.Embedding(symbols, units)
    cells = [layers.LSTMCell(units) for _ in range(depth)]
    readout = layers.Dense(symbols)

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = embedding(tokens)
    for cell in cells:
        x = layers.RNN(cell, return_sequences=True)(x)
    sequence = keras.Model(tokens, readout(x))

    token = keras.Input((), dtype="int32", name="token")
    x = embedding(token)
    states: dict[str, Any] = {}
    new_states: dict[str, Any] = {}
    for index, cell in enumerate(cells):
        names = f"hidden_{index}", f"cell_{index}"
        own = [keras.Input((units,), name=name) for name in names]
        x, new = cell(x, own)
        states |= dict(zip(names, own, strict=True))
        new_states |= dict(zip(names, new, strict=True))
    return _step_networks(token, states, readout(x), new_states, sequence, symbols)


def transformer(
    symbols: int = 100, depth: int = 4, heads: int = 4, width: int = 128, context: int = 256
) -> StepNetworks:
    """A decoder-only transformer with pre-normalisation (Radford et al. 2019), its norm that of Zhang & Sennrich 2019.

    The keys and values of each block are tensors `[batch, heads, context, width / heads]` of their own: gathered in
    one tensor they would be copied once more to be taken apart. All sequences of a batch are at the same position.

    Args:
        symbols: in the vocabulary.
        depth: how many blocks.
        heads: of the attention.
        width: of a token's representation.
        context: the longest sequence.
    """
    embedding, positions = layers.Embedding(symbols, width), layers.Embedding(context, width)
    blocks = [Block(width) for _ in range(depth)]
    norm, readout = layers.RMSNormalization(), layers.Dense(symbols)

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = embedding(tokens) + positions(Positions()(tokens))
    for block in blocks:
        x = block(x, CausalAttention(heads))
    sequence = keras.Model(tokens, readout(norm(x)))

    token, position = (keras.Input((), dtype="int32", name=name) for name in ("token", "position"))
    states: dict[str, Any] = {"position": position}
    new_states: dict[str, Any] = {"position": position + 1}
    x = embedding(token) + positions(position)
    for index, block in enumerate(blocks):
        names = f"keys_{index}", f"values_{index}"
        own = [keras.Input((heads, context, width // heads), name=name) for name in names]

        def attention(projected: Any, own: list[Any] = own, names: tuple[str, ...] = names) -> Any:
            mixed, *new = CachedAttention(heads)(projected, *own, position)
            new_states.update(zip(names, new, strict=True))
            return mixed

        states |= dict(zip(names, own, strict=True))
        x = block(x, attention)
    return _step_networks(token, states, readout(norm(x)), new_states, sequence, symbols)


def _step_networks(
    token: Any, states: dict[str, Any], logits: Any, new_states: dict[str, Any], sequence: keras.Model, symbols: int
) -> StepNetworks:
    step = keras.Model([token, *states.values()], [logits, *(new_states[name] for name in states)])
    return StepNetworks(step, sequence, {f"new_{name}": name for name in states}, symbols)


class Block:
    """The layers of one transformer block; how positions see each other is an argument."""

    def __init__(self, width: int):
        self.attention_norm, self.feed_forward_norm = layers.RMSNormalization(), layers.RMSNormalization()
        self.projection = layers.Dense(3 * width, use_bias=False)
        self.output = layers.Dense(width)
        self.widen, self.narrow = layers.Dense(4 * width, activation="relu"), layers.Dense(width)

    def __call__(self, x: Any, attention: Callable[[Any], Any]) -> Any:
        """`[..., width]` -> the same; `attention` makes that of queries, keys and values, `[..., 3 * width]`."""
        x = x + self.output(attention(self.projection(self.attention_norm(x))))
        return x + self.narrow(self.widen(self.feed_forward_norm(x)))


class Positions(layers.Layer):
    """Tokens `[batch, time]` -> their positions int32 `[time]`."""

    def call(self, tokens: Any) -> Any:
        return ops.arange(ops.shape(tokens)[1], dtype="int32")

    def compute_output_spec(self, tokens: Any) -> Any:
        return keras.KerasTensor(tokens.shape[1:], "int32")


class CausalAttention(layers.Layer):
    """Each position of a whole sequence attends to itself and what is before it (Vaswani et al. 2017, §3.2)."""

    def __init__(self, heads: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.heads = heads

    def call(self, projected: Any) -> Any:
        """Queries, keys and values `[batch, time, 3 * width]` -> `[batch, time, width]`."""
        time, width = ops.shape(projected)[1], projected.shape[-1] // 3
        split = ops.reshape(projected, (-1, time, 3, self.heads, width // self.heads))
        queries, keys, values = ops.unstack(ops.transpose(split, (2, 0, 3, 1, 4)), 3)
        position = ops.arange(time)
        visible = position <= position[:, None]
        mixed = _attend(queries, keys, values, visible)
        return ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (-1, time, width))


class CachedAttention(layers.Layer):
    """The newest position attends to itself and to what is kept of those before it."""

    def __init__(self, heads: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.heads = heads

    def call(self, projected: Any, keys: Any, values: Any, position: Any) -> tuple[Any, Any, Any]:
        """
        Args:
            projected: query, key and value of this position, `[batch, 3 * width]`.
            keys: `[batch, heads, context, width / heads]`, those of earlier positions filled in.
            values: the same.
            position: int32 `[batch]`, the same number throughout, from 0 to context - 1.

        Returns:
            What is attended to, `[batch, width]`, and keys and values with this position's.
        """
        width, context = projected.shape[-1] // 3, keys.shape[2]
        query, key, value = (
            ops.reshape(part, (-1, self.heads, 1, width // self.heads)) for part in ops.split(projected, 3, axis=-1)
        )
        start = position[:1] * np.array([0, 0, 1, 0], "int32")
        keys, values = ops.slice_update(keys, start, key), ops.slice_update(values, start, value)
        mixed = _attend(query, keys, values, ops.arange(context) <= position[0])
        return ops.reshape(mixed, (-1, width)), keys, values


def _attend(queries: Any, keys: Any, values: Any, visible: Any) -> Any:
    """`[batch, heads, queries, head]` of the values `[batch, heads, keys, head]`, weighted by the fit of the keys."""
    scores = ops.matmul(queries * queries.shape[-1] ** -0.5, ops.swapaxes(keys, 2, 3))
    return ops.matmul(ops.softmax(scores + ops.where(visible, 0.0, MASKED)), values)
