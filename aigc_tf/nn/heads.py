"""Attention heads: splitting, rotary positions, scaled dot-product attention, merging; precomputed cross-attention."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops

from aigc_tf.nn.embeddings import rotary_angles, rotate

# Added to a score of any size, it makes the softmax weight exactly 0; unlike -inf it gives no NaN where everything is
# masked. In files whose number format cannot hold it, `aigc_tf.export.masks` replaces it.
MASKED = float(np.finfo("float32").min)


class PreparedAttention(layers.Layer):
    """Cross-attention over keys and values that were projected and split into heads once for all positions.

    Args:
        heads: number of heads; they share the width.
    """

    def __init__(self, heads: int, **options: Any) -> None:
        super().__init__(**options)
        self.heads = heads

    def call(self, projected: Any, keys: Any, values: Any, visible: Any = None) -> tuple[Any, Any]:
        """
        Args:
            projected: queries, `[batch, time, width]`.
            keys: of the second input, `[batch, heads, keys, width / heads]`.
            values: the same.
            visible: bool `[batch, keys]`, see `Attention`.

        Returns:
            The attention output, `[batch, time, width]`, and the weights, `[batch, heads, time, keys]`.
        """
        (queries,) = split_heads(projected, 1, self.heads)
        mixed, weights = attend(queries, keys, values, None if visible is None else visible[:, None, None])
        return merge_heads(mixed), weights


class SplitHeads(layers.Layer):
    """Keys and values, each `[batch, heads, keys, width / heads]`, of a projection `[batch, keys, 2 * width]`."""

    def __init__(self, heads: int, **options: Any) -> None:
        super().__init__(**options)
        self.heads = heads

    def call(self, projected: Any) -> list[Any]:
        return split_heads(projected, 2, self.heads)


def split_heads(projected: Any, parts: int, heads: int) -> list[Any]:
    """Split `[batch, time, parts * width]` into as many parts, each `[batch, heads, time, width / heads]`."""
    time, head = ops.shape(projected)[1], projected.shape[-1] // (parts * heads)
    split = ops.reshape(projected, (-1, time, parts, heads, head))
    return ops.unstack(ops.transpose(split, (2, 0, 3, 1, 4)), parts)


def turn(queries: Any, keys: Any, positions: Any, context: int) -> tuple[Any, Any]:
    """Rotary embedding of queries and keys `[batch, heads, time, head]` at positions int32 `[time]` below `context`."""
    tables = rotary_angles(context, queries.shape[-1])
    cosines, sines = (ops.take(ops.convert_to_tensor(table), positions, axis=0) for table in tables)
    return rotate(queries, cosines, sines), rotate(keys, cosines, sines)


def attend(queries: Any, keys: Any, values: Any, visible: Any = None) -> tuple[Any, Any]:
    """Scaled dot-product attention, with its weights.

    Args:
        queries: `[batch, heads, time, head]`.
        keys: `[batch, heads, keys, head]`.
        values: the same.
        visible: bool, as `[batch, heads, time, keys]` or of fewer dimensions; None for no mask.

    Returns:
        `[batch, heads, time, head]` and `[batch, heads, time, keys]`.
    """
    scores = ops.matmul(queries * queries.shape[-1] ** -0.5, ops.swapaxes(keys, 2, 3))
    weights = ops.softmax(scores if visible is None else scores + ops.where(visible, 0.0, MASKED))
    return ops.matmul(weights, values), weights


def merge_heads(mixed: Any) -> Any:
    """`[batch, heads, time, head]` -> `[batch, time, width]`."""
    time, width = ops.shape(mixed)[2], mixed.shape[1] * mixed.shape[3]
    return ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (-1, time, width))
