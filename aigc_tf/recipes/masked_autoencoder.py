"""Self-supervised learning from pictures with a masked autoencoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.augment import ClassicalAugmentation
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.representations import RepresentationRecipe, VectorLimits
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MaskedAutoencoder(RepresentationRecipe):
    """Masked autoencoder (MAE, He et al. 2022, small): a ViT reconstructs pictures from a quarter of their patches."""

    model: ClassVar[str] = "aigc_tf.families.representation.masked:MaskedAutoencoder"
    networks: ClassVar[Mapping[str, str]] = {
        "embedding": "aigc_tf.families.representation.networks:patch_embedding",
        "encoder": "aigc_tf.families.representation.networks:patch_encoder",
        "decoder": "aigc_tf.families.representation.networks:patch_decoder",
    }
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.images.probe:Probed",
        "aigc_tf.metrics.images.probe:FilledIn",
    )

    steps: PositiveInt = 1000
    batch_size: PositiveInt = 128
    patch: PositiveInt = 4
    """Patch size: height and width in pixels."""
    hidden: Annotated[float, Field(gt=0, lt=1)] = 0.75
    """Masking ratio: share of the patches that the encoder does not see."""
    width: PositiveInt = 96
    """Width of the encoder and length of its embeddings; a multiple of the heads."""
    depth: PositiveInt = 3
    """Blocks of the encoder."""
    heads: PositiveInt = 4
    """Attention heads in each block."""
    decoder_width: PositiveInt = 64
    """Width of the decoder, which has one block and is discarded after training."""
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, beta_2=0.95)
    augmentation: ClassicalAugmentation = ClassicalAugmentation(flip=True, crop=0.2)

    def __post_init__(self) -> None:
        if self.images.height % self.patch or self.images.width % self.patch:
            raise ValueError(
                f"images are {self.images.height}x{self.images.width}: height and width must be divisible by patch "
                f"({self.patch})"
            )
        for name in ("width", "decoder_width"):
            if getattr(self, name) % self.heads:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be a multiple of the heads ({self.heads})")
        if not 0 < self.seen < self.patches:
            raise ValueError(
                f"hidden is {self.hidden}: of {self.patches} patches at least one must be visible and one hidden"
            )

    @property
    def patches(self) -> int:
        """Patches of a picture."""
        return (self.images.height // self.patch) * (self.images.width // self.patch)

    @property
    def seen(self) -> int:
        """Patches of a picture that the encoder sees in training."""
        return self.patches - round(self.hidden * self.patches)

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            width=16,
            depth=1,
            heads=2,
            decoder_width=8,
            batch_size=8,
            export_limits=VectorLimits.tiny(),
        )
