"""What the models that are trained with differential privacy share."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf

from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.gradients import Passage, clipped_sums
from aigc_tf.privacy.optimizer import PrivateOptimizer


class PrivateTraining:
    """A model that keeps a guarantee; what it moves by examples, it moves by `private_optimizer`."""

    guarantee: Guarantee
    private_optimizer: PrivateOptimizer

    def promise(self, guarantee: Guarantee, optimizer: keras.optimizers.Optimizer, seed: int) -> None:
        """Take on a guarantee.

        Args:
            guarantee: what is promised, and how it is kept.
            optimizer: of the weights that examples move.
            seed: of the noise; another than those of the model's other streams.
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
        """Move weights by the clipped and noised gradients of each example's loss; what is watched of it.

        Args:
            tape: of the losses, which has ended.
            losses: `[any]`.
            passages: through the layers of the weights, in their order.
            weights: of the layers.
        """
        slopes = tape.gradient(losses, [passage.outputs for passage in passages])
        sums, norms = clipped_sums(passages, slopes, self.guarantee.clip_norm)
        watched: dict[str, tf.Tensor] = self.private_optimizer.apply(sums, norms, weights)
        return watched
