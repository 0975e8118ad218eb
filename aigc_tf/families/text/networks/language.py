"""The two forms that every language model has: over whole sequences, and token by token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import keras
import tensorflow as tf


@dataclass(frozen=True)
class LanguageNetworks:
    """One language model in several forms that share their weights.

    What a step has to remember goes in and comes out as tensors of fixed shape, so that its exported form needs no
    Flex operator: the states of an LSTM, the keys and values of a transformer. All of them start as zeros.
    """

    sequence: keras.Model
    """Tokens int32 `[batch, time]`, and for recurrent networks the states before them -> logits
    `[batch, time, symbols]`, each from the tokens up to its own, and the states after them."""
    step: keras.Model
    """Token int32 `[batch]` and states -> logits `[batch, symbols]` and new states, in the order of `feedback`."""
    feedback: Mapping[str, str]
    """Which output of the step is which input of the next one."""
    prefill: keras.Model | None = None
    """Of a transformer: a piece of a prompt, int32 `[batch, piece]`, how many of its tokens count, int32 `[batch]`,
    and states -> logits after the last that counts, `[batch, symbols]`, and new states."""
    attention: keras.Model | None = None
    """Of a transformer: tokens `[batch, time]` -> attention weights `[batch, heads, time, time]` of each block."""
    context: int | None = None
    """Of a transformer: how many symbols its states hold, the boundary at the start included; None: any number."""

    @cached_property
    def compiled_step(self) -> Any:
        """The step in inference mode, compiled once for each number of rows."""
        return tf.function(partial(self.step, training=False), reduce_retracing=True)

    @cached_property
    def compiled_prefill(self) -> Any:
        """The same of `prefill`."""
        if self.prefill is None:
            raise ValueError("these networks have no prefill")
        return tf.function(partial(self.prefill, training=False), reduce_retracing=True)


def step_network(
    token: Any, states: Mapping[str, Any], logits: Any, new_states: Mapping[str, Any], name: str, *further: Any
) -> keras.Model:
    """A functional model of a step: the new states come in the order of the old ones."""
    outputs = [logits, *(new_states[state] for state in states)]
    return keras.Model([token, *further, *states.values()], outputs, name=name)


def feedback_of(states: Mapping[str, Any]) -> dict[str, str]:
    """Output -> input: what comes out as `new_x` goes in as `x`."""
    return {f"new_{name}": name for name in states}
