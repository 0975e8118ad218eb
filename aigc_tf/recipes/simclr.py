"""Self-supervised contrastive learning of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.augment import ClassicalAugmentation, DifferentiableAugmentation
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.representations import RepresentationRecipe, VectorLimits
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SimCLR(RepresentationRecipe):
    """SimCLR (Chen et al. 2020, small): self-supervised contrastive learning from two views of each picture."""

    model: ClassVar[str] = "aigc_tf.families.representation.simclr:SimCLR"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.representation.networks:convolutional_encoder",
        "projection": "aigc_tf.families.representation.networks:projection_head",
    }
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.images.probe:Probed",
        "aigc_tf.metrics.images.probe:Recognised",
    )

    steps: PositiveInt = 3000
    batch_size: PositiveInt = 128
    """Pictures per training step; the views of the other pictures are the negatives."""
    filters: tuple[PositiveInt, ...] = (16, 32, 32)
    """Channels of the encoder at a half, a quarter, ... of the size; embeddings are the flattened last feature map."""
    projection_size: PositiveInt = 64
    """Output size of the projection head, which is discarded after training (§4.2)."""
    temperature: PositiveFloat = 0.2
    """Temperature of the contrastive loss: cosine similarities are divided by it."""
    views: ClassicalAugmentation = ClassicalAugmentation(flip=True, crop=0.3, rotation=8.0)
    """Geometric augmentation of each view."""
    colours: DifferentiableAugmentation = DifferentiableAugmentation(colour=True)
    """Augmentation of its brightness, contrast and saturation."""
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3)

    def __post_init__(self) -> None:
        if self.batch_size < 2:
            raise ValueError("batch_size is 1: a view is contrasted with those of other pictures, give at least 2")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            filters=(8, 8),
            projection_size=8,
            batch_size=8,
            export_limits=VectorLimits.tiny(),
        )
