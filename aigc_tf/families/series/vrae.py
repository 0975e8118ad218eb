"""The variational recurrent autoencoder of real-valued sequences."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.series.source import Scaling, SeriesSource
from aigc_tf.data.source import Batch
from aigc_tf.families.base import GenerativeModel, Signature, TensorSpec
from aigc_tf.families.series.networks.scaling import restore, standardise
from aigc_tf.families.tasks import Decodes, Transforms
from aigc_tf.families.variational import VariationalSequences
from aigc_tf.modalities.drawing import bars
from aigc_tf.modalities.plots import pairs_picture, sequences_picture
from aigc_tf.modalities.series import Series
from aigc_tf.nn.layers import GaussianSample
from aigc_tf.nn.likelihoods import free_log_scale, gaussian_log_density, log_scale
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.vrae import VRAE

DECODED_AT_ONCE = 500
PREVIEWED = 4
ENCODED_FOR_PREVIEW = 200  # sequences for the activity of latent dimensions


class RecurrentVAE(Decodes, Transforms, VariationalSequences, GenerativeModel):
    """A recurrent VAE with a normal likelihood, p(x | z) = Π N(x_t; decoder(z)_t, σ²) (Fabius & van Amersfoort 2014).

    σ is learnt, one for each series (Rybkin et al. 2021, §4).

    Args:
        recipe: its objective, optimizer and seed.
        encoder: standardised sequences `[batch, length, series]` -> mean and log variance `[batch, latent_dim]`.
        decoder: latents `[batch, latent_dim]` -> the means of standardised sequences.
        scaling: of the series.
    """

    recipe: VRAE

    def __init__(self, recipe: VRAE, encoder: keras.Model, decoder: keras.Model, scaling: Scaling) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.encoder, self.decoder, self.scaling = recipe, encoder, decoder, scaling
        self.latent_dim = recipe.latent_dim
        self.sample = GaussianSample(recipe.seed, name="sample")
        first = keras.initializers.Constant(free_log_scale(1.0))  # the deviation of the series
        self.free_log_deviation = self.add_weight(shape=(len(scaling.names),), initializer=first, name="free_deviation")
        self.adam = adam(recipe.optimizer, self.learning)
        # Compiled at its first call, and cached.
        self.compiled_decoder = tf.function(lambda latents: decoder(latents, training=False), reduce_retracing=True)
        self.ready()

    @property
    def learning(self) -> list[keras.Variable]:
        """The trainable weights."""
        networks = [*self.encoder.trainable_variables, *self.decoder.trainable_variables]
        return [*networks, self.free_log_deviation]

    def log_deviation(self) -> tf.Tensor:
        """log σ in standardised units, `[series]`."""
        return log_scale(ops.convert_to_tensor(self.free_log_deviation))

    def nats(self, examples: tf.Tensor, latents: tf.Tensor, training: bool = False) -> tf.Tensor:
        """-log p(sequence | latent), the NLL under the density, summed over time and series: `[batch]`.

        Args:
            examples: standardised sequences `[batch, length, series]`.
            latents: `[batch, latent_dim]`.
            training: whether this is a training step.
        """
        return -gaussian_log_density(examples, self.decoder(latents, training=training), self.log_deviation())

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update both networks and σ on `series`, standardised sequences `[batch, length, series]`."""
        with tf.GradientTape() as tape:
            losses = self.training_losses(batch["series"])
        gradients = tape.gradient(losses["loss"], self.learning)
        return losses | {"gradient_norm": self.adam.apply(gradients, self.learning)}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The negative ELBO of held-out `series`; see `held_out_losses`."""
        return self.held_out_losses(batch["series"])

    @property
    def takes(self) -> Series:
        """Sequences of the recipe's length."""
        return Series(self.scaling, self.recipe.series, self.recipe.series.length)

    @property
    def gives(self) -> Series:
        """Sequences of the recipe's length."""
        return self.takes

    def prepared(self, inputs: np.ndarray) -> np.ndarray:
        """Standardise sequences in the series' own units: float32 `[count, length, series]`."""
        return self.scaling.standardise(inputs).astype(np.float32)

    def transform(self, inputs: np.ndarray, seed: int = 0, condition: Any = None) -> np.ndarray:
        """Reconstruct each sequence `[length, series]`, without noise."""
        self.refuse_condition(condition)
        return self.decode(self.encode(inputs))

    def decode(self, latents: np.ndarray, condition: Any = None) -> np.ndarray:
        """Decode latents `[count, latent_dim]` to means: float32 `[count, length, series]`, in the series' units."""
        self.refuse_condition(condition)
        parts = np.split(latents.astype(np.float32), range(DECODED_AT_ONCE, len(latents), DECODED_AT_ONCE))
        means = np.concatenate([self.compiled_decoder(tf.constant(part)).numpy() for part in parts])
        return self.scaling.restore(means).astype(np.float32)

    def generate(self, count: int, seed: int = 0, condition: Any = None) -> np.ndarray:
        """New sequences, noise included: float32 `[count, length, series]` in the series' own units.

        The same for the same seed. NumPy draws latents and noise, so that a phone can generate the same sequences.
        """
        self.refuse_condition(condition)
        random = np.random.default_rng(seed)
        means = self.decode(random.standard_normal((count, self.latent_dim), dtype=np.float32))
        noise = random.standard_normal(means.shape, dtype=np.float32)
        return (means + noise * self.noise_deviation()).astype(np.float32)

    def noise_deviation(self) -> np.ndarray:
        """σ in the series' own units, float64 `[series]`."""
        return np.exp(self.log_deviation().numpy().astype(np.float64)) * self.scaling.deviation

    def previews(self, source: SeriesSource) -> dict[str, Any]:
        """Samples, held-out sequences with their reconstructions, and the KL divergence of each latent dimension."""
        names = self.scaling.names
        windows = self.scaling.restore(source.windows_of("validation", ENCODED_FOR_PREVIEW))
        # Evenly spaced ones could all begin at the same phase of a season.
        shown = windows[np.random.default_rng(0).permutation(len(windows))[:PREVIEWED]]
        labels = ("latent dimension, the most used first", "KL divergence, nats per sequence")
        return {
            "samples": sequences_picture(self.generate(PREVIEWED), names),
            "reconstructions": pairs_picture(shown, self.transform(shown), names),
            "kl_by_dimension": bars(np.sort(self.activity(windows))[::-1], *labels),
        }

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to sample: the names of the series, and the deviation of the noise added to a mean."""
        return {"series": list(self.scaling.names), "noise_deviation": self.noise_deviation().tolist()}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`: sequence -> mean and log variance; `decode`: latent -> sequence; both in the series' own units."""
        shape, latent_shape = (self.recipe.series.length, len(self.scaling.names)), (self.latent_dim,)
        sequence, latent = keras.Input(shape, name="sequence"), keras.Input(latent_shape, name="latent")
        encode = keras.Model(sequence, self.encoder(standardise(self.scaling)(sequence)), name="encode")
        decode = keras.Model(latent, restore(self.scaling)(self.decoder(latent)), name="decode")

        def sequences(count: int, seed: int) -> dict[str, np.ndarray]:
            if source is None:
                return {"sequence": self.generate(count, seed)}
            chosen = np.random.default_rng(seed).integers(len(source.watched) - shape[0] + 1, size=count)
            return {"sequence": source.watched[chosen[:, None] + np.arange(shape[0])].astype(np.float32)}

        def strange(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"sequence": self.takes.strange(sequences(count, seed)["sequence"], seed)}

        def latents(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"latent": self.latents(count, seed)}

        sequence_spec = TensorSpec(shape, "in the series' own units")
        encoded = {
            "mean": TensorSpec(latent_shape, "of the latent given the sequence"),
            "log_variance": TensorSpec(latent_shape, "of the same, natural logarithm"),
        }
        latent_spec = TensorSpec(latent_shape, "independent standard normal numbers, or a mean from `encode`")
        decoded = TensorSpec(shape, "the mean, in the series' own units; the sequence is this plus normal noise")
        return {
            "encode": Signature(encode, {"sequence": sequence_spec}, encoded, sequences, strange=strange),
            "decode": Signature(decode, {"latent": latent_spec}, {"sequence": decoded}, latents),
        }
