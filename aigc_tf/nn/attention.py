"""Multi-head attention: self-attention, cross-attention, and token by token with a KV cache.

The layers here have no weights: the projections are separate dense layers, so that exports see ordinary matrix
products. `MultiHeadAttention` holds both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from aigc_tf.nn.heads import PreparedAttention, SplitHeads, attend, merge_heads, split_heads, turn


@keras.saving.register_keras_serializable(package="aigc_tf")
class Attention(layers.Layer):
    """Multi-head scaled dot-product attention, softmax(Q Kᵀ / √d + mask) V (Vaswani et al. 2017, eq. 1).

    Args:
        heads: number of heads; they share the width.
        causal: whether each position attends only to itself and to earlier positions.
        rotary_context: the longest sequence, for rotary position embeddings of queries and keys (Su et al. 2021, eq.
            34), which need an even d; None for none.
    """

    def __init__(self, heads: int, causal: bool = False, rotary_context: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.heads, self.causal, self.rotary_context = heads, causal, rotary_context

    def call(self, projected: Any, memory: Any = None, visible: Any = None) -> tuple[Any, Any]:
        """
        Args:
            projected: queries, keys and values `[batch, time, 3 * width]`; for cross-attention only the queries,
                `[batch, time, width]`.
            memory: for cross-attention, keys and values of the second input, `[batch, keys, 2 * width]`.
            visible: bool `[batch, keys]`, mask of the keys that may be attended to, at least one in each row; None for
                all.

        Returns:
            The attention output, `[batch, time, width]`, and the weights, `[batch, heads, time, keys]`.
        """
        if memory is not None and (self.causal or self.rotary_context):
            raise ValueError(
                "positions of the second input are not those of the first: no mask and no rotation fits both"
            )
        if memory is None:
            queries, keys, values = split_heads(projected, 3, self.heads)
        else:
            (queries,), (keys, values) = split_heads(projected, 1, self.heads), split_heads(memory, 2, self.heads)
        positions = ops.arange(ops.shape(projected)[1])
        if self.rotary_context:
            queries, keys = turn(queries, keys, positions, self.rotary_context)
        seen = positions <= positions[:, None] if self.causal else None
        if visible is not None:
            allowed = ops.cast(visible, "bool")[:, None, None]  # [batch, heads, time, keys]
            seen = allowed if seen is None else ops.logical_and(seen, allowed)
        mixed, weights = attend(queries, keys, values, seen)
        return merge_heads(mixed), weights


class CachedAttention(layers.Layer):
    """Causal attention for the newest positions, with a KV cache of the keys and values of earlier ones.

    Args:
        heads: number of heads; they share the width.
        rotary_context: see `Attention`.
    """

    def __init__(self, heads: int, rotary_context: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.heads, self.rotary_context = heads, rotary_context

    def call(self, projected: Any, keys: Any, values: Any, position: Any) -> tuple[Any, Any, Any]:
        """
        Args:
            projected: queries, keys and values of the newest positions, `[batch, time, 3 * width]`.
            keys: `[batch, heads, context, width / heads]`, those of earlier positions filled in.
            values: the same.
            position: int32 `[batch]`, of the first of the newest, the same in every row; `position + time` is at most
                the context.

        Returns:
            The attention output, `[batch, time, width]`, and keys and values with the newest positions filled in.
        """
        queries, new_keys, new_values = split_heads(projected, 3, self.heads)
        positions = position[0] + np.arange(projected.shape[1], dtype="int32")
        if self.rotary_context:
            queries, new_keys = turn(queries, new_keys, positions, self.rotary_context)
        start = position[:1] * np.array([0, 0, 1, 0], "int32")
        keys, values = ops.slice_update(keys, start, new_keys), ops.slice_update(values, start, new_values)
        mixed, _ = attend(queries, keys, values, np.arange(keys.shape[2], dtype="int32") <= positions[:, None])
        return merge_heads(mixed), keys, values


class MultiHeadAttention:
    """Multi-head attention with its projections; its variants (full, cached, prepared) share the weights.

    Args:
        width: of input and output, a multiple of the heads.
        heads: number of heads; they share the width.
        name: appended to the names of the layers.
        causal: see `Attention`.
        rotary_context: see `Attention`.
        memory_width: of the second input, for cross-attention; None for self-attention.
        output_deviation: standard deviation of the output projection's initial weights; None preserves the input's
            variance.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        name: str,
        causal: bool = False,
        rotary_context: int | None = None,
        memory_width: int | None = None,
        output_deviation: float | None = None,
    ) -> None:
        self.name, self.heads, self.rotary_context = name, heads, rotary_context
        if memory_width is None:
            self.projection = dense(3 * width, width**-0.5, f"queries_keys_values_{name}")
        else:
            self.projection = dense(width, width**-0.5, f"queries_{name}")
            self.memory_projection = dense(2 * width, memory_width**-0.5, f"keys_values_{name}")
        self.output = dense(width, output_deviation or width**-0.5, f"attention_output_{name}")
        self.attention = Attention(heads, causal, rotary_context, name=f"attention_{name}")

    def __call__(self, x: Any, memory: Any = None, visible: Any = None) -> tuple[Any, Any]:
        """
        Args:
            x: `[batch, time, width]`.
            memory: the second input of cross-attention, `[batch, keys, memory width]`.
            visible: bool `[batch, keys]`, see `Attention`.

        Returns:
            `[batch, time, width]`, and the weights `[batch, heads, time, keys]`.
        """
        further = {} if memory is None else {"memory": self.memory_projection(memory)}
        further |= {} if visible is None else {"visible": visible}
        mixed, weights = self.attention(self.projection(x), **further)
        return self.output(mixed), weights

    def prepare(self, memory: Any) -> list[Any]:
        """Keys and values of the second input `[batch, keys, memory width]`, `[batch, heads, keys, width / heads]`."""
        return SplitHeads(self.heads, name=f"split_{self.name}")(self.memory_projection(memory))

    def over(self, x: Any, keys: Any, values: Any, visible: Any = None) -> tuple[Any, Any]:
        """Cross-attention over keys and values from `prepare`; otherwise like a call."""
        further = {} if visible is None else {"visible": visible}
        attention = PreparedAttention(self.heads, name=f"prepared_attention_{self.name}")
        mixed, weights = attention(self.projection(x), keys, values, **further)
        return self.output(mixed), weights

    def cached(self, x: Any, keys: Any, values: Any, position: Any) -> tuple[Any, Any, Any]:
        """Attention for the newest positions `[batch, time, width]` with a KV cache; see `CachedAttention`.

        In cross-attention only the queries change from token to token: see `prepare` and `over`.

        Raises:
            ValueError: the attention is not causal.
        """
        if not self.attention.causal:
            raise ValueError(
                f"attention {self.name} is not causal: with a KV cache it cannot attend to later positions"
            )
        projected = self.projection(x)
        attention = CachedAttention(self.heads, self.rotary_context, name=f"cached_attention_{x.shape[1]}_{self.name}")
        mixed, keys, values = attention(projected, keys, values, position)
        return self.output(mixed), keys, values


Attend = Callable[[MultiHeadAttention, Any], Any]
"""An attention and the normalised residual stream -> what is added to the stream."""


class TransformerBlock:
    """A pre-norm transformer block: attention and two dense layers (Radford et al. 2019, §2.3).

    Args:
        width: of the residual stream.
        heads: of the attention.
        name: appended to the names of the layers.
        activation: between the two dense layers, the first of which is four times as wide.
        causal: see `Attention`.
        rotary_context: see `Attention`.
        added: factor on the initial weights of the residual branches; smaller in deeper networks.
        dropout: rate on the residual branches.
        seed: of the dropout.
        memory_width: of a second input, for cross-attention between the self-attention and the dense layers (Vaswani et
            al. 2017, §3.1); None for none.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        name: str,
        activation: str = "relu",
        causal: bool = False,
        rotary_context: int | None = None,
        added: float = 1.0,
        dropout: float = 0.0,
        seed: int | None = None,
        memory_width: int | None = None,
    ) -> None:
        self.attention_norm = layers.RMSNormalization(name=f"attention_norm_{name}")
        self.feed_forward_norm = layers.RMSNormalization(name=f"feed_forward_norm_{name}")
        self.attention = MultiHeadAttention(
            width,
            heads,
            name=name,
            causal=causal,
            rotary_context=rotary_context,
            output_deviation=added * width**-0.5,
        )
        self.cross_attention = None
        if memory_width is not None:
            self.cross_norm = layers.RMSNormalization(name=f"cross_norm_{name}")
            self.cross_attention = MultiHeadAttention(
                width, heads, name=f"cross_{name}", memory_width=memory_width, output_deviation=added * width**-0.5
            )
        self.widen = dense(4 * width, width**-0.5, f"widen_{name}", activation)
        self.narrow = dense(width, added * (4 * width) ** -0.5, f"narrow_{name}")
        self.dropouts = [
            layers.Dropout(dropout, seed=seed, name=f"{place}_dropout_{name}")
            for place in ("attention", "feed_forward", *(() if memory_width is None else ("cross",)))
        ]

    def __call__(self, x: Any, attend: Attend | None = None, look: Attend | None = None) -> Any:
        """`[batch, time, width]` -> the same.

        Args:
            x: the stream.
            attend: computes the residual from the attention and the normalised stream; None applies the attention to
                the whole sequence.
            look: the same for the cross-attention, if there is one.
        """
        normalised = self.attention_norm(x)
        seen = self.attention(normalised)[0] if attend is None else attend(self.attention, normalised)
        x = x + self.dropouts[0](seen)
        if self.cross_attention is not None and look is not None:
            x = x + self.dropouts[2](look(self.cross_attention, self.cross_norm(x)))
        return x + self.dropouts[1](self.narrow(self.widen(self.feed_forward_norm(x))))


def dense(units: int, deviation: float, name: str, activation: str | None = None) -> layers.Dense:
    """A dense layer without bias, with initial weights of the given standard deviation."""
    initializer = keras.initializers.RandomNormal(stddev=deviation)
    return layers.Dense(units, activation, use_bias=False, kernel_initializer=initializer, name=name)
