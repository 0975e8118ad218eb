"""The base class of encoder-decoder models: p(y | x) = Π p(y_t | y_<t, x) (Sutskever et al. 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN, Vocabulary
from aigc_tf.families.base import GenerativeModel
from aigc_tf.families.dropping import with_unknown
from aigc_tf.families.text.seq2seq.known_words import KnownWords
from aigc_tf.families.text.seq2seq.networks import Seq2SeqNetworks
from aigc_tf.families.text.seq2seq.search import Writer, write
from aigc_tf.nn import replicas
from aigc_tf.nn.losses import next_symbol_nats
from aigc_tf.nn.optimizers import scheduled_adam
from aigc_tf.recipes.seq2seq import DecoderRecipe, Search


class DecoderModel(GenerativeModel):
    """Learns to generate targets from sources, and generates them.

    Args:
        recipe: its optimizer, schedule and seed.
        networks: for training on pairs, and encoder, start and step for generation.
        target: the target vocabulary.
    """

    def __init__(self, recipe: DecoderRecipe, networks: Seq2SeqNetworks, target: Vocabulary) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.networks, self.target = recipe, networks, target
        self.sequence: keras.Model = networks.sequence
        if recipe.drop_words:
            self.word_seed = keras.random.SeedGenerator(recipe.seed, name="word_seed")
        self.adam = scheduled_adam(recipe, self.sequence.trainable_variables)
        self.ready()
        # Compiled at its first call, and cached.
        self.compiled_nats = tf.function(partial(self.nats, training=False), reduce_retracing=True)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the weights on `source`, int32 `[batch, time]`, and `target`, `[batch, time + 1]`; -1 is padding."""
        weights = self.sequence.trainable_variables
        with tf.GradientTape() as tape:
            nats, smoothed, counted = self.nats(batch, training=True)
            total = replicas.mean(ops.sum(counted))
            share = self.recipe.label_smoothing
            loss = ((1 - share) * ops.sum(nats) + share * ops.sum(smoothed)) / total
        # Embedding gradients are made dense for the optimizer, whose moments update every row.
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)]
        rate = ops.convert_to_tensor(self.adam.learning_rate)
        logs = {"gradient_norm": self.adam.apply(gradients, weights), "learning_rate": rate}
        return {"loss": loss, "nats_per_symbol": ops.sum(nats) / total} | logs

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """NLL per symbol of held-out targets, in nats, including the end. Changes nothing."""
        nats, _, counted = self.nats(batch, training=False)
        return {"loss": ops.sum(nats) / ops.sum(counted)}

    def nats(self, batch: Batch, training: bool) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """-log p of each symbol of the targets except the BOS token.

        With a copy head p = g softmax(logits)_y + (1 - g) Σ a_i [x_i = y] (See et al. 2017, eq. 9).

        Returns:
            Three times `[batch, time]`, 0 for padding: nats; the mean of the softmax's -log p over the vocabulary, for
            label smoothing; and the mask of non-padding, as 1 and 0.
        """
        source, target = batch["source"], batch["target"]
        inputs, following = ops.maximum(target[:, :-1], BOUNDARY), target[:, 1:]
        if training and self.recipe.drop_words:
            inputs = with_unknown(inputs, self.recipe.drop_words, self.word_seed)
        counted = ops.cast(ops.not_equal(following, PADDING), "float32")
        logits, attention, *gate = self.sequence([source, inputs], training=training)
        nats = next_symbol_nats(logits, ops.maximum(following, BOUNDARY))
        if gate:
            same = ops.cast(ops.equal(following[:, :, None], source[:, None, :]), attention.dtype)
            copied = ops.log(ops.maximum(ops.sum(attention * same, axis=-1), 1e-20))
            on_gate = gate[0][..., 0]
            written = -nats - ops.softplus(-on_gate)
            nats = -ops.logaddexp(written, copied - ops.softplus(on_gate))
        smoothed = ops.logsumexp(logits, axis=-1) - ops.mean(logits, axis=-1)
        return nats * counted, smoothed * counted, counted

    def written(
        self,
        sources: np.ndarray,
        search: Search | None = None,
        seed: int = 0,
        known: Sequence[KnownWords] | None = None,
    ) -> list[str]:
        """Generate texts for sources in the form of network inputs.

        Args:
            sources: a single batch.
            search: decoding settings; by default those of the recipe's `transform_options`.
            seed: of random draws, if there are any.
            known: for each source, the words that may be generated; None for any.
        """
        search, length = search or self.default_search, self.recipe.target_length
        found = write(Writer(self.networks, sources), search, length, self.never_written, seed, known)
        return [self.target.decode(symbols).strip() for symbols in found]

    @property
    def never_written(self) -> tuple[int, ...]:
        """Symbols that are never generated: the unknown symbol."""
        return () if self.target.unit == "byte" else (UNKNOWN,)

    @property
    def default_search(self) -> Search:
        """The decoding settings of the recipe's `transform_options`."""
        search: Search = self.recipe.transform_options().arguments()["search"]
        return search
