"""The variants of every language model's network: over whole sequences, and token by token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import keras
import tensorflow as tf


@dataclass(frozen=True)
class LanguageNetworks:
    """Variants of one language model that share their weights.

    A step's memory, LSTM states or a transformer's KV cache, is passed in and out as tensors of fixed shape, so that
    the exported step needs no Flex operator. All states start as zeros.
    """

    sequence: keras.Model
    """Tokens int32 `[batch, time]`, and for recurrent networks the states before them -> logits
    `[batch, time, symbols]`, with causal dependence, and the states after them."""
    step: keras.Model
    """Token int32 `[batch]` and states -> logits `[batch, symbols]` and new states, in the order of `feedback`."""
    feedback: Mapping[str, str]
    """Maps outputs of a step to inputs of the next."""
    prefill: keras.Model | None = None
    """For a transformer: a chunk of a prompt, int32 `[batch, piece]`, its number of valid tokens, int32 `[batch]`, and
    states -> logits after the last valid one, `[batch, symbols]`, and new states."""
    attention: keras.Model | None = None
    """For a transformer: tokens `[batch, time]` -> attention weights `[batch, heads, time, time]` of each block."""
    context: int | None = None
    """For a transformer: its context in symbols, including the BOS token; None for unlimited."""

    @cached_property
    def compiled_step(self) -> Any:
        """The step in inference mode, compiled once for each batch size."""
        return tf.function(partial(self.step, training=False), reduce_retracing=True)

    @cached_property
    def compiled_prefill(self) -> Any:
        """The same for `prefill`."""
        if self.prefill is None:
            raise ValueError("these networks have no prefill")
        return tf.function(partial(self.prefill, training=False), reduce_retracing=True)


def step_network(
    token: Any, states: Mapping[str, Any], logits: Any, new_states: Mapping[str, Any], name: str, *further: Any
) -> keras.Model:
    """A functional model of a step, with the new states in the order of the old ones."""
    outputs = [logits, *(new_states[state] for state in states)]
    return keras.Model([token, *further, *states.values()], outputs, name=name)


def feedback_of(states: Mapping[str, Any]) -> dict[str, str]:
    """Output -> input: `new_x` becomes `x` of the next step."""
    return {f"new_{name}": name for name in states}
