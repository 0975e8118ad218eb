"""Autoencoders of rows, windows or users that learn from the evidence lower bound, in nats of an example."""

from __future__ import annotations

import abc
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.nn.layers import GaussianSample
from aigc_tf.nn.variational import Posterior, active_units, kl_weight


class BoundLearner(abc.ABC):
    """Encoder and decoder of vectors, whose divergence has a weight that rises (`beta`, `annealing_steps`)."""

    recipe: Any
    encoder: keras.Model
    """Examples -> mean and log variance, `[batch, latent_dim]` each."""
    decoder: keras.Model
    sampler: keras.Model
    """The decoder that is used: its moving average, if there is one."""
    sample: GaussianSample
    adam: keras.optimizers.Optimizer

    @property
    def both(self) -> list[keras.Variable]:
        """The weights of both networks."""
        return [*self.encoder.trainable_variables, *self.decoder.trainable_variables]

    @abc.abstractmethod
    def nats(self, parameters: Any, examples: Any) -> Any:
        """-log p(x | z) by what the decoder gives: `[batch]`."""

    def bound_step(self, seen: Any, examples: Any) -> dict[str, tf.Tensor]:
        """Update both networks (Kingma & Welling 2014, eq. 10); what is logged of it.

        Args:
            seen: what the encoder is given: the examples, or a part of them.
            examples: what is to be explained.
        """
        with tf.GradientTape() as tape:
            posterior = Posterior(*self.encoder(seen, training=True))
            reconstruction = ops.mean(self.nats(self.decoder(self.sample(*posterior), training=True), examples))
            divergence = ops.mean(ops.sum(posterior.divergence(), axis=-1))
            weight = kl_weight(self.adam.iterations, self.recipe.beta, self.recipe.annealing_steps)
            loss = reconstruction + weight * divergence
        norm = self.adam.apply(tape.gradient(loss, self.both), self.both)
        return {
            "loss": loss,
            "reconstruction_loss": reconstruction,
            "kl": divergence,
            "active_units": active_units(posterior.mean),
            "gradient_norm": norm,
        }

    def held_out_bound(self, examples: Any) -> dict[str, tf.Tensor]:
        """`loss`, the negative evidence lower bound of held-out examples in nats, with fixed noise. Changes nothing."""
        posterior = Posterior(*self.encoder(examples, training=False))
        noise = keras.random.normal(ops.shape(posterior.mean), seed=0)
        nats = self.nats(self.sampler(posterior.at(noise), training=False), examples)
        return {"loss": ops.mean(nats + ops.sum(posterior.divergence(), axis=-1))}
