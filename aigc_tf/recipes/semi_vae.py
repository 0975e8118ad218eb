"""The semi-supervised variational autoencoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.autoencoders import LikelihoodSettings
from aigc_tf.recipes.few_labels import ClassifyingLimits, FewLabelsRecipe
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SemiVAE(FewLabelsRecipe):
    """Semi-supervised VAE (M2, Kingma 2014): pictures from a class and a latent, unknown classes marginalised."""

    model: ClassVar[str] = "aigc_tf.families.autoencoder.semi_vae:SemiVAE"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.autoencoder.networks.semi:encoder",
        "decoder": "aigc_tf.families.autoencoder.networks.semi:decoder",
        "classifier": "aigc_tf.families.autoencoder.networks.semi:classifier",
    }

    steps: PositiveInt = 2000
    batch_size: PositiveInt = 64
    """Unlabelled pictures per step, and as many labelled ones."""
    latent_dim: PositiveInt = 20
    """Length of the latent vector, which encodes what the class does not."""
    units: tuple[PositiveInt, ...] = (256, 256)
    """Units of the dense layers of encoder and decoder."""
    filters: tuple[PositiveInt, ...] = (16, 32, 64)
    """Channels of the classifier at a half, a quarter, ... of the size."""
    class_weight: NonNegativeFloat = 50.0
    """Weight of the classification loss, -log p of the known classes in nats, relative to the ELBO (α of eq. 9)."""
    likelihood: LikelihoodSettings = LikelihoodSettings()
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3)

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            latent_dim=4,
            units=(16,),
            filters=(8, 8),
            batch_size=8,
            export_limits=ClassifyingLimits.tiny(),
        )
