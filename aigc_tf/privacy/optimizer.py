"""DP-SGD as a wrapper around an optimizer, which receives clipped, summed and noised gradients."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf

from aigc_tf.privacy.accounting import Guarantee


class PrivateOptimizer:
    """Updates weights from noised sums of clipped per-example gradients (DP-SGD: Abadi et al. 2016, algorithm 1).

    Args:
        optimizer: receives the noised gradients; its state is a function of them, and as private as they are.
        guarantee: the clipping norm, the noise and the expected batch.
        noise_seed: of the noise generator, whose state is part of the model's: noise that is used twice hides nothing.
    """

    def __init__(
        self, optimizer: keras.optimizers.Optimizer, guarantee: Guarantee, noise_seed: keras.random.SeedGenerator
    ) -> None:
        self.optimizer = optimizer
        self.guarantee = guarantee
        self.noise_seed = noise_seed

    def apply(
        self,
        sums: Sequence[tf.Tensor],
        norms: tf.Tensor,
        weights: Sequence[keras.Variable],
        public_gradients: Sequence[tf.Tensor] | None = None,
    ) -> dict[str, tf.Tensor]:
        """Update the weights.

        The noised sum is divided by the expected batch size, since the actual size would reveal something about the
        examples.

        Args:
            sums: of the examples' gradients, clipped to the guarantee's norm.
            norms: of the examples' gradients before clipping, `[any]`.
            weights: one for each sum.
            public_gradients: gradients to add that do not depend on the examples.

        Returns:
            Metrics for monitoring, which are not private.
        """
        gradients = [(part + self.noise(part.shape)) / self.guarantee.expected_batch for part in sums]
        if public_gradients is not None:
            gradients = [private + public for private, public in zip(gradients, public_gradients, strict=True)]
        self.optimizer.apply(gradients, weights)
        watched = {"example_gradient_norm": mean(norms)}
        if self.guarantee.clip_norm is not None:
            watched["clipped_share"] = mean(tf.cast(norms > self.guarantee.clip_norm, tf.float32))
        return watched

    def noise(self, shape: tuple[int, ...]) -> tf.Tensor:
        """Gaussian noise for a sum of clipped gradients; zeros without privacy."""
        if self.guarantee.clip_norm is None:
            return tf.zeros(shape)
        deviation = self.guarantee.noise_multiplier * self.guarantee.clip_norm
        return keras.random.normal(shape, stddev=deviation, seed=self.noise_seed)


def mean(values: tf.Tensor) -> tf.Tensor:
    """The mean of the finite values of a batch, `[batch]`; 0 for an empty batch, NaN if no value is finite.

    A non-finite example does not change the weights, so it must not stop training either; a whole batch of them does.
    """
    finite = tf.boolean_mask(values, tf.math.is_finite(values))
    return tf.cond(tf.size(values) > 0, lambda: tf.reduce_mean(finite), lambda: tf.constant(0.0))
