"""What the models that are trained with differential privacy share."""

from __future__ import annotations

import keras

from aigc_tf.privacy.accounting import Guarantee
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
