"""The mixin of models that are trained with differential privacy."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf

from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.gradients import Passage, clipped_sums
from aigc_tf.privacy.optimizer import PrivateOptimizer


class PrivateTraining:
    """A model with a privacy guarantee; all updates that depend on examples go through `private_optimizer`."""

    guarantee: Guarantee
    private_optimizer: PrivateOptimizer

    def promise(self, guarantee: Guarantee, optimizer: keras.optimizers.Optimizer, seed: int) -> None:
        """Set the guarantee and create the private optimizer.

        Args:
            guarantee: the privacy guarantee and its mechanism.
            optimizer: of the weights that are trained on examples.
            seed: of the noise, different from those of the model's other random generators.
        """
        self.guarantee = guarantee
        self.noise_seed = keras.random.SeedGenerator(seed, name="noise_seed")
        self.private_optimizer = PrivateOptimizer(optimizer, guarantee, self.noise_seed)

    def moved(
        self,
        tape: tf.GradientTape,
        losses: tf.Tensor,
        passages: Sequence[Passage],
        weights: Sequence[keras.Variable],
    ) -> dict[str, tf.Tensor]:
        """Update weights by the clipped and noised gradients of each example's loss; returns metrics.

        Args:
            tape: of the losses, no longer recording.
            losses: `[any]`.
            passages: of the layers of the weights, in order.
            weights: of the layers.
        """
        slopes = tape.gradient(losses, [passage.outputs for passage in passages])
        sums, norms = clipped_sums(passages, slopes, self.guarantee.clip_norm)
        watched: dict[str, tf.Tensor] = self.private_optimizer.apply(sums, norms, weights)
        return watched
