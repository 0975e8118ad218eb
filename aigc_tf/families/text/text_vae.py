"""The variational autoencoder of lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.data.text.order import padded
from aigc_tf.data.text.source import TextSource
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN, Vocabulary
from aigc_tf.families.base import TensorSpec
from aigc_tf.families.latent_space import interpolation, linear
from aigc_tf.families.tasks import Decodes, Transforms
from aigc_tf.families.text.model import TextModel, nats_of_targets
from aigc_tf.families.text.networks.language import LanguageNetworks
from aigc_tf.families.variational import VariationalSequences
from aigc_tf.modalities.text import Text
from aigc_tf.nn.layers import GaussianSample
from aigc_tf.recipes.options import Decoding
from aigc_tf.recipes.text_vae import TextVAE as TextVAERecipe

LIKELIEST = Decoding(temperature=0.0)
PREVIEWED_LINES = 4
BETWEEN = 6  # lines in an interpolation, including both ends


class TextVAE(TextModel, Transforms, Decodes, VariationalSequences):
    """A VAE of lines x with an autoregressive decoder, p(x | z) = Π p(x_t | x_<t, z) (Bowman et al. 2016).

    Args:
        recipe: its objective, optimizer, schedule and seed.
        encoder: tokens int32 `[batch, time]`, -1 after their end -> mean and log variance `[batch, latent_dim]`.
        networks: the decoder; the second input of its networks is the latent.
        vocabulary: of the text.
    """

    recipe: TextVAERecipe

    def __init__(
        self, recipe: TextVAERecipe, encoder: keras.Model, networks: LanguageNetworks, vocabulary: Vocabulary
    ) -> None:
        super().__init__(recipe, networks, vocabulary, [encoder, networks.sequence])
        self.encoder, self.decoder = encoder, networks.sequence
        self.latent_dim = recipe.latent_dim
        self.sample = GaussianSample(recipe.seed, name="sample")
        self.word_dropout_seed = keras.random.SeedGenerator(recipe.seed ^ 1, name="word_dropout_seed")

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update both networks on `tokens`: lines with boundaries, int32 `[batch, time + 1]`, -1 after their end."""
        with tf.GradientTape() as tape:
            losses = self.training_losses(batch["tokens"])
        return losses | self.learn(tape, losses["loss"])

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The negative ELBO of held-out lines, `tokens`; see `held_out_losses`."""
        return self.held_out_losses(batch["tokens"])

    def nats(self, examples: tf.Tensor, latents: tf.Tensor, training: bool) -> tf.Tensor:
        """-log p(line | latent), `[batch]`.

        Args:
            examples: lines with their boundaries, int32 `[batch, time + 1]`, -1 after their end.
            latents: `[batch, latent_dim]`.
            training: whether word dropout and dropout are active; the BOS token is never dropped.
        """
        inputs, targets = ops.maximum(examples[:, :-1], BOUNDARY), examples[:, 1:]
        if training and self.recipe.word_dropout:
            uniform = keras.random.uniform(ops.shape(inputs), seed=self.word_dropout_seed)
            dropped = ops.logical_and(uniform < self.recipe.word_dropout, ops.not_equal(inputs, BOUNDARY))
            inputs = ops.where(dropped, UNKNOWN, inputs)
        zeros = [ops.zeros((ops.shape(latents)[0], self.recipe.units)) for _ in range(2)]
        logits, *_ = self.decoder([inputs, latents, *zeros], training=training)
        nats, _ = nats_of_targets(logits, targets)
        return ops.sum(nats, axis=1)

    @property
    def takes(self) -> Text:
        """Lines."""
        return Text()

    def prepared(self, inputs: Sequence[str]) -> np.ndarray:
        """Lines with their boundaries, int32 `[count, time]`, -1 after their end."""
        found = [
            np.concatenate([[BOUNDARY], self.vocabulary.encode(self.vocabulary.fitted(line)), [BOUNDARY]])
            for line in inputs
        ]
        longest = max(map(len, found))
        rows = [np.pad(tokens, (0, longest - len(tokens)), constant_values=PADDING) for tokens in found]
        return np.stack(rows).astype(np.int32)

    def refuse_unknown(self, inputs: Sequence[str]) -> None:
        """Raise InputError if a line has out-of-vocabulary symbols; `encode` itself reads them as unknown."""
        for line in inputs:
            self.known(line, "the text")

    def transform(self, inputs: Sequence[str], seed: int = 0, condition: Any = None) -> list[str]:
        """Reconstruct lines; nothing is sampled."""
        self.refuse_condition(condition)
        return self.decode(self.encode(inputs))

    @property
    def constant_inputs(self) -> dict[str, TensorSpec]:
        """The latent."""
        meaning = "independent standard normal numbers, the same at each step"
        return {"latent": TensorSpec((self.latent_dim,), meaning)}

    def constants(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """Samples of the prior: `latent`, float32 `[count, latent_dim]`."""
        return {"latent": self.latents(count, seed)}

    def decode(self, latents: np.ndarray, condition: Any = None) -> list[str]:
        """Decode latents `[count, latent_dim]` greedily to lines."""
        self.refuse_condition(condition)
        constants = {"latent": latents.astype(np.float32)}
        symbols = self.stream(len(latents), 0, "", self.recipe.text.length, LIKELIEST, constants)
        return self.written(len(latents), symbols)

    def previews(self, source: TextSource) -> dict[str, Any]:
        """Samples from the prior, lines with their reconstructions, and an interpolation between two of these."""
        chosen = np.linspace(0, source.watched.documents - 1, PREVIEWED_LINES).astype(np.int64)
        tokens = padded(source.watched, chosen)
        lines = [self.vocabulary.decode(source.watched.document(index)) for index in chosen]
        means = self.posterior(tokens).mean
        pairs = zip(lines, self.decode(means), strict=True)
        (way,) = interpolation(self, means[:1], means[1:2], BETWEEN, linear)
        return super().previews(source) | {
            "reconstructions": "\n\n".join(f"{line}\n-> {again}" for line, again in pairs),
            "interpolation": "\n".join(way),
        }
