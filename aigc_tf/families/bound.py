"""Training of autoencoders of rows, windows or users on the ELBO, in nats per example."""

from __future__ import annotations

import abc
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.nn.layers import GaussianSample
from aigc_tf.nn.variational import Posterior, active_units, kl_weight


class BoundLearner(abc.ABC):
    """Mixin of VAEs over vectors, with KL annealing (`beta`, `annealing_steps`)."""

    recipe: Any
    encoder: keras.Model
    """Examples -> mean and log variance, `[batch, latent_dim]` each."""
    decoder: keras.Model
    sampler: keras.Model
    """The decoder for inference: its EMA, if there is one."""
    sample: GaussianSample
    adam: keras.optimizers.Optimizer

    @property
    def both(self) -> list[keras.Variable]:
        """The weights of both networks."""
        return [*self.encoder.trainable_variables, *self.decoder.trainable_variables]

    @abc.abstractmethod
    def nats(self, parameters: Any, examples: Any) -> Any:
        """-log p(x | z) from the decoder's output: `[batch]`."""

    def bound_step(self, seen: Any, examples: Any) -> dict[str, tf.Tensor]:
        """Update both networks (Kingma & Welling 2014, eq. 10); returns metrics.

        Args:
            seen: the encoder's input: the examples, or a part of them.
            examples: the targets.
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
        """`loss`, the negative ELBO of held-out examples in nats, with fixed noise. Changes nothing."""
        posterior = Posterior(*self.encoder(examples, training=False))
        noise = keras.random.normal(ops.shape(posterior.mean), seed=0)
        nats = self.nats(self.sampler(posterior.at(noise), training=False), examples)
        return {"loss": ops.mean(nats + ops.sum(posterior.divergence(), axis=-1))}
