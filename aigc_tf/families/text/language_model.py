"""The autoregressive language model, for recurrent and transformer networks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.data.text.vocabulary import BOUNDARY, Vocabulary
from aigc_tf.errors import InputError
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.tasks import Explains, Scores
from aigc_tf.families.text.explanations import attention_picture, surprise_page
from aigc_tf.families.text.model import TextModel, nats_of_targets
from aigc_tf.families.text.networks.language import LanguageNetworks
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.text import Text
from aigc_tf.nn import replicas
from aigc_tf.recipes.text import TextRecipe

PREVIEWED_POSITIONS = 64  # whose attention is shown


class LanguageModel(TextModel, Scores, Explains):
    """An autoregressive language model, p(x) = Π p(x_t | x_<t) (Bengio et al. 2003).

    Args:
        recipe: its optimizer, schedule and seed.
        networks: for sequences and for single steps.
        vocabulary: of the text.
    """

    score_meaning = "how surprising the text is: the mean of -log p, in nats per token"

    def __init__(self, recipe: TextRecipe, networks: LanguageNetworks, vocabulary: Vocabulary) -> None:
        super().__init__(recipe, networks, vocabulary, [networks.sequence])
        self.sequence = networks.sequence
        _, *states = self.sequence.inputs
        self.has_states = bool(states)
        # Recurrent networks can continue from the states of the previous batch.
        self.carries = self.has_states and recipe.text.consecutive and not recipe.text.lines
        self.carried = [
            self.add_weight(
                shape=(recipe.batch_size, *state.shape[1:]), initializer="zeros", trainable=False, name=state.name
            )
            for state in (states if self.carries else ())
        ]
        # Compiled at its first call, and cached.
        self.compiled_nats = tf.function(partial(self.nats, training=False), reduce_retracing=True)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the weights on `tokens`, int32 `[batch, time + 1]`, -1 after their end.

        `continues` tells whether its rows continue those of the previous step.
        """
        tokens, continues = batch["tokens"], batch["continues"]
        states = [replicas.own_rows(state.value) * ops.cast(continues, state.dtype) for state in self.carried]
        with tf.GradientTape() as tape:
            nats, counted, new_states = self.nats(tokens, states, training=True)
            loss = ops.sum(nats) / replicas.mean(ops.sum(counted))
        for kept, state in zip(self.carried, new_states, strict=False):
            kept.assign(replicas.gathered(state))
        return {"loss": loss} | self.learn(tape, loss)

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The loss on held-out tokens, without earlier states. Changes nothing."""
        nats, counted, _ = self.nats(batch["tokens"], None, training=False)
        return {"loss": ops.sum(nats) / ops.sum(counted)}

    def nats(
        self, tokens: tf.Tensor, states: Sequence[tf.Tensor] | None, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor, Sequence[tf.Tensor]]:
        """-log p of each token but the first.

        Args:
            tokens: int32 `[batch, time + 1]`, -1 after their end.
            states: after the preceding tokens; None or empty to start anew.
            training: whether dropout is active.

        Returns:
            Nats `[batch, time]`, 0 for padding; the mask of non-padding, as 1 and 0; the states after the tokens.
        """
        inputs, targets = ops.maximum(tokens[:, :-1], BOUNDARY), tokens[:, 1:]
        if not self.has_states:
            return *nats_of_targets(self.sequence(inputs, training=training), targets), []
        if not states:
            rows = ops.shape(tokens)[0]
            states = [ops.zeros((rows, *state.shape[1:])) for state in self.sequence.inputs[1:]]
        logits, *new_states = self.sequence([inputs, *states], training=training)
        return *nats_of_targets(logits, targets), new_states

    @property
    def takes(self) -> Text:
        """Strings."""
        return Text()

    def score(self, inputs: Sequence[str]) -> np.ndarray:
        """Mean NLL of each text, in nats per symbol: float32 `[count]`; 0 for an empty one.

        A text longer than the context is scored in non-overlapping windows; out-of-vocabulary symbols count as the
        unknown symbol.
        """
        return np.array([self._mean_nats(text) for text in inputs], np.float32)

    def _mean_nats(self, text: str) -> float:
        tokens = np.concatenate([[self.vocabulary.start], self.vocabulary.encode(text)]).astype(np.int32)
        length, total = self.recipe.text.context, 0.0
        for start in range(0, len(tokens) - 1, length):
            nats, _, _ = self.compiled_nats(tf.constant(tokens[None, start : start + length + 1]), None)
            total += float(tf.reduce_sum(nats))
        return total / max(len(tokens) - 1, 1)

    def explain(self, value: str, title: str) -> dict[str, Preview]:
        """`surprise`, a page of the text with each symbol coloured by its loss; for a transformer also `attention`."""
        pieces, nats = self.surprise(value)
        shown: dict[str, Preview] = {"surprise": surprise_page(title, pieces, nats)}
        weights = self.attention(value)
        return shown | ({"attention": attention_picture(weights, pieces)} if weights else {})

    def surprise(self, text: str) -> tuple[list[str], np.ndarray]:
        """The text of each symbol, and its -log p in nats, `[symbols]`.

        Raises:
            InputError: it has out-of-vocabulary symbols, or is longer than a transformer's context.
        """
        tokens = self.tokens_of_text(text)
        nats, _, _ = self.compiled_nats(tf.constant(tokens[None]), None)
        return [self.vocabulary.decode([token]) for token in tokens[1:]], nats.numpy()[0]

    def attention(self, text: str) -> list[np.ndarray]:
        """Attention weights on a text: for each block `[heads, time, time]`; empty for other networks.

        Position t has read the text's symbols before t, and predicts symbol t.
        """
        network = self.networks.attention
        if network is None:
            return []
        return attention_of(network, self.tokens_of_text(text)[:-1])

    def tokens_of_text(self, text: str) -> np.ndarray:
        """A text's tokens after the BOS token, int32 `[symbols + 1]`; see `surprise`."""
        tokens = self.tokens_of_prompt(text)
        if self.longest is not None and len(tokens) - 1 > self.longest:
            raise InputError(f"the text has {len(tokens) - 1} tokens, and the context holds {self.longest}: shorten it")
        return tokens

    def previews(self, source: Any) -> dict[str, Any]:
        """Texts and, for a transformer, the attention maps of the first symbols."""
        return super().previews(source) | self.attention_preview(source)

    def attention_preview(self, source: Any) -> dict[str, Any]:
        """`attention`, for a transformer: its attention maps for the first symbols of the watched part."""
        if self.networks.attention is None:
            return {}
        tokens = source.watched.tokens[: min(PREVIEWED_POSITIONS, self.recipe.text.context)].astype(np.int32)
        return {"attention": attention_picture(attention_of(self.networks.attention, tokens))}

    def export_metadata(self) -> dict[str, Any]:
        """That of every text model, and the context of a transformer."""
        metadata = super().export_metadata()
        return metadata if self.longest is None else metadata | {"context_length": self.longest}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`step`: token and states -> logits and new states; for a transformer also `prefill`, for prompts."""
        found = super().signatures(source)
        prefill = self.networks.prefill
        if prefill is None:
            return found
        piece = prefill.inputs[0].shape[1]
        inputs = {
            "tokens": TensorSpec((piece,), "token numbers; those after `count` are ignored", "int32"),
            "count": TensorSpec((), f"how many of the tokens count, 1 to {piece}", "int32"),
        }

        def examples(source: Any, count: int, seed: int) -> dict[str, np.ndarray]:
            tokens = self.real_tokens((count, piece), seed, source)
            return {"tokens": tokens, "count": np.full(count, piece, np.int32)}

        ordinary, strange = partial(examples, source), partial(examples, None)
        return found | {"prefill": self.step_signature(prefill, inputs, ordinary, strange, in_a_loop=False)}


def attention_of(network: keras.Model, tokens: np.ndarray) -> list[np.ndarray]:
    """The attention weights of each block, `[heads, time, time]`, for tokens int32 `[time]`."""
    # Keras returns a single output as a tensor, several as a list.
    return [block.numpy()[0] for block in tf.nest.flatten(network(tf.constant(tokens[None]), training=False))]
