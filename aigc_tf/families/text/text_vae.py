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
from aigc_tf.families.latent_space import linear
from aigc_tf.families.tasks import Decodes, Encodes, Transforms
from aigc_tf.families.text.model import TextModel, nats_of_targets
from aigc_tf.families.text.networks.language import LanguageNetworks
from aigc_tf.families.variational import Variational
from aigc_tf.modalities.text import Text
from aigc_tf.nn.layers import GaussianSample
from aigc_tf.nn.variational import Posterior, kl_cost
from aigc_tf.recipes.options import Decoding
from aigc_tf.recipes.text_vae import TextVAE as TextVAERecipe

LIKELIEST = Decoding(temperature=0.0)
PREVIEWED_LINES = 4
BETWEEN = 6  # lines on the way from one to another, both included


class TextVAE(TextModel, Transforms, Encodes, Decodes, Variational):
    """p(x | z) = Π p(x_t | x_<t, z), and a normal posterior of z given the line x (Bowman et al. 2016).

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
        # Compiled at its first call, and kept.
        self.compiled_encoder = tf.function(lambda tokens: encoder(tokens, training=False), reduce_retracing=True)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update both networks on `tokens`: lines with boundaries, int32 `[batch, time + 1]`, -1 after their end."""
        tokens = batch["tokens"]
        with tf.GradientTape() as tape:
            posterior = Posterior(*self.encoder(tokens, training=True))
            nats = self.nats(tokens, self.sample(*posterior), training=True)
            reconstruction = ops.mean(nats)
            loss = reconstruction + kl_cost(posterior.divergence(), self.adam.iterations, self.recipe)
        return {"loss": loss, "reconstruction_loss": reconstruction} | posterior.watch() | self.learn(tape, loss)

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The negative evidence lower bound of held-out lines, one draw each, always the same. Changes nothing."""
        tokens = batch["tokens"]
        posterior = self.posterior_of(tokens)
        noise = keras.random.normal(ops.shape(posterior.mean), seed=0)
        reconstruction = ops.mean(self.nats(tokens, posterior.at(noise), training=False))
        divergence = ops.mean(ops.sum(posterior.divergence(), axis=-1))
        return {"loss": reconstruction + divergence, "reconstruction_loss": reconstruction, "kl": divergence}

    def nats(self, tokens: tf.Tensor, latent: tf.Tensor, training: bool) -> tf.Tensor:
        """-log p(line | latent), `[batch]`.

        Args:
            tokens: lines with their boundaries, int32 `[batch, time + 1]`, -1 after their end.
            latent: `[batch, latent_dim]`.
            training: whether words and activations are dropped; the first input, the boundary, never is.
        """
        inputs, targets = ops.maximum(tokens[:, :-1], BOUNDARY), tokens[:, 1:]
        if training and self.recipe.word_dropout:
            uniform = keras.random.uniform(ops.shape(inputs), seed=self.word_dropout_seed)
            dropped = ops.logical_and(uniform < self.recipe.word_dropout, ops.not_equal(inputs, BOUNDARY))
            inputs = ops.where(dropped, UNKNOWN, inputs)
        zeros = [ops.zeros((ops.shape(latent)[0], self.recipe.units)) for _ in range(2)]
        logits, *_ = self.decoder([inputs, latent, *zeros], training=training)
        nats, _ = nats_of_targets(logits, targets)
        return ops.sum(nats, axis=1)

    def posterior_of(self, inputs: tf.Tensor) -> Posterior:
        """Of lines with their boundaries, int32 `[batch, time + 1]`, -1 after their end."""
        return Posterior(*self.encoder(inputs, training=False))

    def log_likelihood(self, inputs: tf.Tensor, latents: tf.Tensor) -> tf.Tensor:
        """Of lines with their boundaries, int32 `[batch, time + 1]`, -1 after their end."""
        return -self.nats(inputs, latents, training=False)

    def posterior(self, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and log variance `[lines, latent_dim]` of lines with their boundaries, int32 `[lines, time]`."""
        mean, log_variance = self.compiled_encoder(tf.constant(tokens, tf.int32))
        return mean.numpy(), log_variance.numpy()

    @property
    def takes(self) -> Text:
        """Lines."""
        return Text()

    def transform(
        self, inputs: Sequence[str], seed: int = 0, condition: Any = None, decoding: Decoding = LIKELIEST
    ) -> list[str]:
        """Each line encoded and decoded again; by default each time the likeliest symbol."""
        self.conditions(condition, len(inputs))  # refuses one
        return self.decode_text(self.encode(inputs), decoding, seed)

    def encode(self, inputs: Sequence[str]) -> np.ndarray:
        """The posterior means of lines; see `encode_text`."""
        return self.encode_text(list(inputs))

    def encode_text(self, lines: list[str]) -> np.ndarray:
        """The posterior means of lines of text, float32 `[lines, latent_dim]`."""
        found = [np.concatenate([[BOUNDARY], self.vocabulary.encode(line), [BOUNDARY]]) for line in lines]
        longest = max(map(len, found))
        rows = [np.pad(tokens, (0, longest - len(tokens)), constant_values=PADDING) for tokens in found]
        return self.posterior(np.stack(rows))[0]

    @property
    def constant_inputs(self) -> dict[str, TensorSpec]:
        """The latent."""
        meaning = "independent standard normal numbers, the same at each step"
        return {"latent": TensorSpec((self.latent_dim,), meaning)}

    def constants(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """Draws from the prior: `latent`, float32 `[count, latent_dim]`."""
        return {"latent": np.random.default_rng(seed).standard_normal((count, self.latent_dim), dtype=np.float32)}

    def decode(self, latents: np.ndarray, condition: Any = None) -> list[str]:
        """The likeliest lines of latents; see `decode_text`."""
        self.conditions(condition, len(latents))  # refuses one
        return self.decode_text(latents)

    def decode_text(self, latents: np.ndarray, decoding: Decoding = LIKELIEST, seed: int = 0) -> list[str]:
        """The lines of latents `[lines, latent_dim]`; by default each time the likeliest symbol."""
        count = len(latents)
        latent = {"latent": latents.astype(np.float32)}
        symbols = self.stream(count, seed, "", self.recipe.text.length, decoding, latent)
        return self.written(count, symbols)

    def between(self, first: str, second: str, count: int = BETWEEN) -> list[str]:
        """Lines of latents on the straight way from one line to another; the first and last decode theirs."""
        start, end = self.encode_text([first, second])
        return self.decode_text(straight_way(start, end, count))

    def previews(self, source: TextSource) -> dict[str, Any]:
        """Samples from the prior, lines with their reconstructions, and the way between two of these."""
        chosen = np.linspace(0, source.watched.documents - 1, PREVIEWED_LINES).astype(np.int64)
        tokens = padded(source.watched, chosen)
        lines = [self.vocabulary.decode(source.watched.document(index)) for index in chosen]
        means, _ = self.posterior(tokens)
        pairs = zip(lines, self.decode_text(means), strict=True)
        way = self.decode_text(straight_way(means[0], means[1], BETWEEN))
        return super().previews(source) | {
            "reconstructions": "\n\n".join(f"{line}\n-> {again}" for line, again in pairs),
            "interpolation": "\n".join(way),
        }


def straight_way(start: np.ndarray, end: np.ndarray, count: int) -> np.ndarray:
    """`[count, latent_dim]` from one latent to another, both included."""
    return np.stack([linear(start, end, t) for t in np.linspace(0, 1, count)])
