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
    """One language model in two forms with shared weights."""

    step: keras.Model
    """Token int32 `[batch]` and states -> logits `[batch, symbols]` and new states, in the order of `feedback`."""
    sequence: keras.Model
    """Tokens int32 `[batch, time]` -> logits `[batch, time, symbols]`, causal."""
    feedback: dict[str, str]
    """Output of a step -> input of the next step."""
    model: LanguageModel

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """The step signature, as in an exported file; without a source, the examples are random tokens."""
        return {"step": self.model.signatures(source)["step"]}


def lstm(symbols: int = 100, units: int = 256, depth: int = 2) -> StepNetworks:
    """A language model of LSTM layers; see `aigc_tf.families.text.networks.recurrent`.

    Args:
        symbols: vocabulary size.
        units: units of each layer, and embedding size.
        depth: number of layers.
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
    """A decoder-only transformer with a KV cache; see `aigc_tf.families.text.networks.transformer`.

    Args:
        symbols: vocabulary size.
        depth: number of blocks.
        heads: number of attention heads.
        width: embedding size.
        context: maximum sequence length.
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
    """The initial state for tokens `[batch, time]`: zeros `[batch, units]`."""

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = units

    def call(self, tokens: Any) -> Any:
        return ops.zeros((ops.shape(tokens)[0], self.units))

    def compute_output_spec(self, tokens: Any) -> Any:
        return keras.KerasTensor((tokens.shape[0], self.units), "float32")
