"""A flow trained with differential privacy (000 §3.13.4 and §3.14.5)."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.flow import Flow
from aigc_tf.recipes.flows import FlowRecipe, UNetSettings
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.options import NoOptions
from aigc_tf.recipes.private import ExpectedBatch, PrivacySettings, Private, refuse
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DPFlow(Private, Flow):
    """Rectified flow with differential privacy (DP-SGD): a small U-Net, per-image gradients (Dockhorn et al. 2023)."""

    model: ClassVar[str] = "aigc_tf.families.private.flow:PrivateFlow"
    evaluators: ClassVar[tuple[str, ...]] = FlowRecipe.evaluators
    transform_options: ClassVar[type] = NoOptions

    steps: PositiveInt = 1000
    batch_size: ExpectedBatch = 1024
    """Expected batch size: each image is in each batch with probability batch_size / images."""

    privacy: PrivacySettings = PrivacySettings()
    optimizer: AdamSettings = AdamSettings(learning_rate=3e-3)
    average_images: PositiveInt | None = 100_000
    coupling: Literal["independent", "optimal"] = "independent"
    unet: UNetSettings = UNetSettings(filters=(16, 32), blocks=(1, 1), time_size=32)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse(self, "the noise of an image would depend on the others", "coupling")
        refuse(self, "gradient norms of single images are available for convolutions and dense layers only", "network")
        refuse(self, "the accountant assumes each image as it is", "augmentation")
        refuse(self, "the features of its quality figure are learnt from the images without privacy", "stop_after")
        if self.optimizer.clip_norm is not None:
            raise ValueError("optimizer.clip_norm is for the sum of a batch: give privacy.clip_norm")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            unet=UNetSettings(filters=(8, 8), blocks=(1, 1), time_size=8),
            batch_size=32,
            export_limits=ExportLimits.tiny(),
        )
