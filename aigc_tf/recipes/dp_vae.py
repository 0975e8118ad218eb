"""A variational autoencoder trained with differential privacy (000 §3.13.4 and §3.14.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.autoencoders import VariationalRecipe
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.private import ExpectedBatch, PrivacySettings, Private, refuse
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DPVAE(Private, VariationalRecipe):
    """Dense VAE with differential privacy: the gradient of each image's ELBO clipped and noised (DP-SGD)."""

    model: ClassVar[str] = "aigc_tf.families.private.vae:PrivateVAE"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.autoencoder.networks.dense_vae:encoder",
        "decoder": "aigc_tf.families.autoencoder.networks.dense_vae:decoder",
    }

    steps: PositiveInt = 2000
    batch_size: ExpectedBatch = 2048
    """Expected batch size: each image is in each batch with probability batch_size / images."""

    privacy: PrivacySettings = PrivacySettings()
    hidden_units: tuple[PositiveInt, ...] = (128,)
    """Units of the encoder's dense layers; the decoder's are the same in reverse."""
    optimizer: AdamSettings = AdamSettings(learning_rate=5e-3)
    average_images: PositiveInt | None = 100_000

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse(self, "it needs whole batches, which private training does not support", "free_bits", "capacity")
        refuse(self, "the accountant assumes each image as it is", "augmentation")
        refuse(self, "couplings would learn from latents without noise", "prior")
        refuse(self, "private training makes one pass over each image", "adversarial")
        if self.likelihood.kind == "learnt_gaussian":
            raise ValueError("likelihood.kind is learnt_gaussian: private training trains the networks only")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            hidden_units=(16,),
            latent_dim=4,
            batch_size=32,
            export_limits=ExportLimits.tiny(),
        )
