"""A KV cache as inputs and outputs of a network: what a step remembers of the positions before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from aigc_tf.nn.attention import MultiHeadAttention

AttendAt = Callable[[int, MultiHeadAttention, Any], Any]
"""How the block of a number sees other positions: its attention and the normalised stream -> what is added."""


def kv_cache(depth: int, heads: int, width: int, context: int) -> tuple[dict[str, Any], dict[str, Any], AttendAt]:
    """The states of a network with a KV cache, its new ones, and how its blocks attend.

    Args:
        depth: blocks.
        heads: of the attention in each.
        width: of the stream.
        context: positions that the cache holds.

    Returns:
        Inputs by name: `position` int32 `[batch]`, and of each block `keys_i` and `values_i`, float32 `[batch, heads,
        context, width / heads]`, tensors of their own: gathered in one they would be copied once more to be taken
        apart. The new keys and values by the same names: empty, and filled in as the blocks are called. And what a
        block is called with.
    """
    states: dict[str, Any] = {"position": keras.Input((), dtype="int32", name="position")}
    for index in range(depth):
        for name in (f"keys_{index}", f"values_{index}"):
            states[name] = keras.Input((heads, context, width // heads), name=name)
    new_states: dict[str, Any] = {}

    def attend(index: int, attention: MultiHeadAttention, x: Any) -> Any:
        names = f"keys_{index}", f"values_{index}"
        keys, values = (states[name] for name in names)
        seen, *new = attention.cached(x, keys, values, states["position"])
        new_states.update(zip(names, new, strict=True))
        return seen

    return states, new_states, attend
