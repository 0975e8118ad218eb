"""The autoregressive language model under differential privacy."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from keras import ops

from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.errors import InputError
from aigc_tf.families.private.training import PrivateTraining
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.families.text.networks.language import LanguageNetworks
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.per_example import clipped_sums_by_example
from aigc_tf.recipes.dp_gpt import DPGPT


class PrivateLanguageModel(PrivateTraining, LanguageModel):
    """A language model trained with DP-SGD on each line.

    Args:
        recipe: as for `LanguageModel`; for lines, without Dropout.
        networks: as for `LanguageModel`; recurrent ones process lines one at a time.
        vocabulary: of bytes, since one learnt from the text would reveal something about it.
        guarantee: the privacy guarantee and its mechanism.

    Raises:
        InputError: the networks are recurrent, and the recipe takes several lines at once.
    """

    recipe: DPGPT

    def __init__(self, recipe: DPGPT, networks: LanguageNetworks, vocabulary: Vocabulary, guarantee: Guarantee) -> None:
        super().__init__(recipe, networks, vocabulary)
        if self.has_states and recipe.lines_at_once > 1:
            raise InputError(
                f"lines_at_once is {recipe.lines_at_once}: the networks loop over time, and TensorFlow cannot "
                "compute gradients of several lines there; set it to 1"
            )
        self.promise(guarantee, self.adam, recipe.seed ^ 1)

    def train_step(self, batches: Any) -> dict[str, tf.Tensor]:
        """Update the weights on one batch of lines, `tokens` int32 `[any, time + 1]`, -1 after their end."""
        tokens = batches[0]["tokens"]

        def loss_of(line: tf.Tensor) -> tf.Tensor:
            nats, _, _ = self.nats(line, None, training=True)
            # Divided by a common number: dividing by the lines' own lengths would give symbols of short lines more
            # weight.
            return ops.sum(nats) / self.recipe.text.length

        clip_norm, at_once = self.guarantee.clip_norm, self.recipe.lines_at_once
        sums, norms, losses = clipped_sums_by_example(loss_of, (tokens,), self.learning, clip_norm, at_once)
        watched = self.private_optimizer.apply(sums, norms, self.learning)
        rate = ops.convert_to_tensor(self.adam.learning_rate)
        return {"loss": self.nats_a_symbol(tokens, losses, norms), "learning_rate": rate} | watched

    def nats_a_symbol(self, tokens: tf.Tensor, losses: tf.Tensor, norms: tf.Tensor) -> tf.Tensor:
        """Mean NLL per symbol over the lines that contribute; 0 for an empty batch, NaN if no line's norm is finite.

        Args:
            tokens: of the lines, `[any, time + 1]`.
            losses: of the lines, `[any]`.
            norms: of their gradients, `[any]`.
        """
        finite = tf.math.is_finite(norms)
        nats = ops.sum(tf.boolean_mask(losses, finite)) * self.recipe.text.length
        symbols = ops.sum(ops.cast(tf.boolean_mask(tokens[:, 1:], finite) != PADDING, losses.dtype))
        return tf.where(tf.size(norms) > 0, nats / symbols, 0.0)
