"""A KV cache as inputs and outputs of a network: the keys and values of earlier positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from aigc_tf.nn.attention import MultiHeadAttention

AttendAt = Callable[[int, MultiHeadAttention, Any], Any]
"""Block index, attention and normalised stream -> what the attention adds to the stream."""


def kv_cache(depth: int, heads: int, width: int, context: int) -> tuple[dict[str, Any], dict[str, Any], AttendAt]:
    """The KV cache of a network as inputs, the updated cache, and the attention function of its blocks.

    Args:
        depth: number of blocks.
        heads: of the attention in each.
        width: of the stream.
        context: positions that the cache holds.

    Returns:
        Inputs by name: `position` int32 `[batch]`, and for each block `keys_i` and `values_i`, float32 `[batch, heads,
        context, width / heads]`; they are separate tensors, since splitting a stacked one would cost another copy. The
        updated keys and values by the same names: a dict that is empty at first and filled in as the blocks are called.
        And the function that blocks attend with.
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
