"""The dense VAE of article 001 §4.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.autoencoders import LikelihoodSettings, VariationalRecipe
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class VAE(VariationalRecipe):
    """Dense variational autoencoder of article 001 §4.1: one layer of 128 on either side, 20 latent dimensions."""

    model: ClassVar[str] = "aigc_tf.families.autoencoder.vae:VAE"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.autoencoder.networks.dense_vae:encoder",
        "decoder": "aigc_tf.families.autoencoder.networks.dense_vae:decoder",
    }

    steps: PositiveInt = 10_000
    batch_size: PositiveInt = 64

    hidden_units: tuple[PositiveInt, ...] = (128,)
    """Units of the encoder's dense layers; the decoder's are the same in reverse."""
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3)
    average_images: PositiveInt | None = 20_000

    @classmethod
    def printed(cls) -> Self:
        """The article's layers, batch size and learning rate, which are the defaults, and its squared error."""
        return cls(likelihood=LikelihoodSettings(kind="gaussian"), average_images=None)

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            hidden_units=(16,),
            latent_dim=4,
            batch_size=8,
            export_limits=ExportLimits.tiny(),
        )
