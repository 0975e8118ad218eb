"""Two language models with a single-token step, each with the same network over a whole sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops

from aigc_tf.data.text.vocabulary import BOUNDARY, Vocabulary
from aigc_tf.families.base import Signature
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.families.text.networks import recurrent
from aigc_tf.families.text.networks import transformer as transformers
from aigc_tf.families.text.networks.language import LanguageNetworks
from aigc_tf.recipes.char_rnn import CharRNN, RecurrentSettings
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.text import TextRecipe, TextSettings


@dataclass(frozen=True)
class StepNetworks:
    """One language model in two forms that share their weights."""

    step: keras.Model
    """Token int32 `[batch]` and states -> logits `[batch, symbols]` and new states, in the order of `feedback`."""
    sequence: keras.Model
    """Tokens int32 `[batch, time]` -> logits `[batch, time, symbols]`, each from the tokens up to its own."""
    feedback: dict[str, str]
    """Which output of the step is which input of the next one."""
    model: LanguageModel

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """The step, as an exported file holds it; without a source, the examples are random tokens."""
        return {"step": self.model.signatures(source)["step"]}


def lstm(symbols: int = 100, units: int = 256, depth: int = 2) -> StepNetworks:
    """A language model of LSTM layers; see `aigc_tf.families.text.networks.recurrent`.

    Args:
        symbols: in the vocabulary.
        units: of each layer, and the size of a symbol's embedding.
        depth: how many layers.
    """
    recipe = CharRNN(recurrent=RecurrentSettings(embedding=units, units=units, depth=depth))
    vocabulary = _vocabulary(symbols)
    networks = recurrent.language_model(recipe, vocabulary)
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    zeros = [Zeros(units)(tokens) for _ in networks.feedback]
    logits, *_ = networks.sequence([tokens, *zeros])
    return _step_networks(recipe, vocabulary, networks, keras.Model(tokens, logits))


def transformer(
    symbols: int = 100, depth: int = 4, heads: int = 4, width: int = 128, context: int = 256
) -> StepNetworks:
    """A decoder-only transformer with a key/value cache; see `aigc_tf.families.text.networks.transformer`.

    Args:
        symbols: in the vocabulary.
        depth: how many blocks.
        heads: of the attention.
        width: of a token's representation.
        context: the longest sequence.
    """
    recipe = GPT(text=TextSettings(length=context), depth=depth, heads=heads, width=width)
    vocabulary = _vocabulary(symbols)
    networks = transformers.language_model(recipe, vocabulary)
    return _step_networks(recipe, vocabulary, networks, networks.sequence)


def _vocabulary(symbols: int) -> Vocabulary:
    return Vocabulary("character", tuple(map(chr, range(symbols))), BOUNDARY, None)


def _step_networks(
    recipe: TextRecipe, vocabulary: Vocabulary, networks: LanguageNetworks, sequence: keras.Model
) -> StepNetworks:
    model = LanguageModel(recipe, networks, vocabulary)
    return StepNetworks(networks.step, sequence, dict(networks.feedback), model)


class Zeros(layers.Layer):
    """The state before tokens `[batch, time]`: `[batch, units]` of zeros."""

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = units

    def call(self, tokens: Any) -> Any:
        return ops.zeros((ops.shape(tokens)[0], self.units))

    def compute_output_spec(self, tokens: Any) -> Any:
        return keras.KerasTensor((tokens.shape[0], self.units), "float32")
