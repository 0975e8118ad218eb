"""Recurrent language models (001 §3.3; Graves 2013, without its skip connections)."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.families.text.networks.language import LanguageNetworks, feedback_of, step_network
from aigc_tf.recipes.char_rnn import RecurrentSettings

CELLS = {"simple": layers.SimpleRNNCell, "gru": layers.GRUCell, "lstm": layers.LSTMCell}
# The states of each type of cell, in Keras's order.
_STATES = {"simple": ("hidden",), "gru": ("hidden",), "lstm": ("hidden", "cell")}


def language_model(recipe: Any, vocabulary: Vocabulary) -> LanguageNetworks:
    """Embedding -> recurrent layers -> logits.

    Args:
        recipe: its `recurrent` settings, dropout and seed.
        vocabulary: of the symbols.
    """
    settings: RecurrentSettings = recipe.recurrent
    symbols = len(vocabulary)
    embedding = layers.Embedding(symbols, settings.embedding, name="embedding")
    cells = [CELLS[settings.cell](settings.units, name=f"{settings.cell}_{index}") for index in range(settings.depth)]
    dropouts = [
        layers.Dropout(recipe.dropout, seed=recipe.seed + index, name=f"dropout_{index}")
        for index in range(settings.depth + 1)
    ]
    readout = layers.Dense(symbols, name="logits")

    def network(tokens: Any, recurrent: Any) -> tuple[dict[str, Any], Any, dict[str, Any]]:
        """States, logits and new states; `recurrent` runs a cell."""
        states: dict[str, Any] = {}
        new_states: dict[str, Any] = {}
        x = embedding(tokens)
        for index, cell in enumerate(cells):
            names = [f"{part}_{index}" for part in _STATES[settings.cell]]
            own = [keras.Input((settings.units,), name=name) for name in names]
            x, new = recurrent(cell, dropouts[index](x), own)
            states |= dict(zip(names, own, strict=True))
            new_states |= dict(zip(names, new, strict=True))
        return states, readout(dropouts[-1](x)), new_states

    def whole(cell: Any, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        # Named, since the names of optimizer slots in checkpoints derive from it.
        layer = layers.RNN(cell, return_sequences=True, return_state=True, name=f"{cell.name}_over_time")
        x, *new = layer(x, initial_state=states)
        return x, new

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    states, logits, new_states = network(tokens, whole)
    sequence = step_network(tokens, states, logits, new_states, "sequence")
    token = keras.Input((), dtype="int32", name="token")
    states, logits, new_states = network(token, lambda cell, x, states: cell(x, states))
    step = step_network(token, states, logits, new_states, "step")
    return LanguageNetworks(sequence, step, feedback_of(states))
