"""Rectified flow in the latent space of an autoencoder, which is trained first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Checked
from aigc_tf.recipes.flow64 import Flow64
from aigc_tf.recipes.flows import FlowRecipe, FlowRedrawing, TransformerSettings, UNetSettings
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CodeSettings(metaclass=Checked):
    """The autoencoder that compresses images to latents (codes)."""

    steps: PositiveInt = 3000
    """First steps of the run, which train the autoencoder; after that it is frozen."""
    filters: tuple[PositiveInt, ...] = (32, 64)
    """Channels at a half, a quarter, ... of the size; codes have the size of the last."""
    channels: PositiveInt = 8
    """Channels of the codes."""
    noise: NonNegativeFloat = 0.2
    """Standard deviation of noise added to codes (whose own is 1) before decoding: robustness to errors of the flow."""
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, beta_2=0.99, clip_norm=1.0)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LatentFlow(Flow64):
    """Latent rectified flow (Rombach et al. 2022, §3): first an autoencoder is trained, then a flow of its codes."""

    model: ClassVar[str] = "aigc_tf.families.flow.latent:LatentFlow"
    networks: ClassVar[Mapping[str, str]] = {
        "predictor": "aigc_tf.families.flow.networks:predictor",
        "encoder": "aigc_tf.families.flow.autoencoder:encoder",
        "decoder": "aigc_tf.families.flow.autoencoder:decoder",
    }
    evaluators: ClassVar[tuple[str, ...]] = (
        *FlowRecipe.evaluators,
        "aigc_tf.metrics.images.codes:KeptByCodes",
    )
    transform_options: ClassVar[type] = FlowRedrawing

    steps: PositiveInt = 18_000
    code: CodeSettings = CodeSettings()
    unet: UNetSettings = UNetSettings(filters=(96, 128), blocks=(2, 2))
    """Its highest resolution is half the size of the codes."""
    transformer: TransformerSettings = TransformerSettings(patch=2, width=192, depth=6)
    """Patches are of codes."""

    def __post_init__(self) -> None:
        self.images.refuse_unless_doubled(
            len(self.code.filters) + (len(self.unet.filters) if self.network == "unet" else 0)
        )
        super().__post_init__()
        if self.steps <= self.code.steps:
            first = self.code.steps
            raise ValueError(
                f"steps is {self.steps}: the first {first} (code.steps) train the autoencoder, and nothing is left for "
                "the flow; give more steps, or fewer of those"
            )

    @property
    def state_shape(self) -> tuple[int, int, int]:
        """The shape of the codes."""
        height, width, _ = self.images.shape
        shrink = 2 ** len(self.code.filters)
        return height // shrink, width // shrink, self.code.channels

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            code=CodeSettings(steps=1, filters=(8,), channels=4),
            unet=UNetSettings(filters=(8, 8), blocks=(1, 1), time_size=8),
            batch_size=8,
            export_limits=ExportLimits.tiny(),
        )
