"""Shared parts of the flow-matching recipes: noise is transported to pictures along a learnt velocity field."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Checked
from aigc_tf.recipes.images import ExportLimits, ImageRecipe, QuantizedLimits
from aigc_tf.recipes.options import ImageEvaluation, LatentSampling, Options
from aigc_tf.recipes.settings import AdamSettings, CheckpointSettings, LoggingSettings, Settings

SamplerName = Literal["euler", "heun", "adams_bashforth"]
MAX_EVALUATIONS = 1000


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FlowSolving(Options):
    """How the ODE from noise to a picture is solved."""

    evaluations: Annotated[int, Field(ge=1, le=MAX_EVALUATIONS)] = 10
    """Number of network evaluations per sample."""
    sampler: SamplerName = "adams_bashforth"
    """ODE solver: euler, heun (two evaluations per step), or adams_bashforth (second order)."""
    time_shift: Annotated[float, Field(ge=0.01, le=100)] = 3.0
    """Above 1, more steps are near the noise, below 1 near the picture (Esser et al. 2024, eq. 23); 1: even steps."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FlowSampling(FlowSolving, LatentSampling):
    """Sampling from a flow."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FlowRedrawing(FlowSolving):
    """Regenerating given pictures from a noisy version (image-to-image)."""

    strength: Annotated[float, Field(gt=0, le=1)] = 0.6
    """Share of noise mixed into a picture before it is regenerated: 1 keeps nothing of it."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FlowEditing(FlowRedrawing):
    """Regenerating given pictures, or a part of each."""

    region: str | None = None
    """Mask, a picture file: white areas are regenerated, black areas are kept."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FlowEvaluation(FlowSolving, ImageEvaluation):
    """Evaluation of a flow: how it is sampled, and with which features it is measured."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TimeSettings(Settings):
    """Distribution of the training times between noise (0) and image (1): logit-normal (Esser et al. 2024, §3.1)."""

    mean: float = -0.4
    """Mean of the logit: below 0, more times are near the noise."""
    deviation: PositiveFloat = 1.0
    """Standard deviation of the logit."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class UNetSettings(metaclass=Checked):
    """A time-conditioned U-Net; its highest resolution is half the size of the images."""

    filters: tuple[PositiveInt, ...] = (48, 96)
    """Channels at a half, a quarter, ... of the size."""
    blocks: tuple[PositiveInt, ...] = (1, 2)
    """Residual blocks at each resolution on the way down; on the way up there is one at each but the lowest."""
    time_size: Annotated[int, Field(ge=2, multiple_of=2)] = 128
    """Number of sinusoidal time features, and length of the time embedding."""

    def __post_init__(self) -> None:
        if len(self.filters) != len(self.blocks) or not self.filters:
            raise ValueError(
                f"unet.filters has {len(self.filters)} sizes and unet.blocks {len(self.blocks)}: give the same "
                "number of both, at least one"
            )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TransformerSettings(metaclass=Checked):
    """A transformer over patches, conditioned on the time in every block (DiT, Peebles & Xie 2023)."""

    patch: PositiveInt = 4
    """Patch size: height and width in pixels."""
    width: PositiveInt = 96
    """Width of the transformer; a multiple of twice the heads."""
    depth: PositiveInt = 4
    """Number of blocks."""
    heads: PositiveInt = 4
    """Attention heads in each block."""

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads):
            raise ValueError(
                f"transformer.width is {self.width}: it must be a multiple of twice the heads ({self.heads})"
            )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FlowRecipe(ImageRecipe):
    """A network that predicts the velocity, or the clean image, of a noisy picture; samples follow it from noise."""

    sample_options: ClassVar[type] = FlowSampling
    evaluate_options: ClassVar[type] = FlowEvaluation
    export_options: ClassVar[type] = FlowSolving

    batch_size: PositiveInt = 64
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, beta_2=0.99, clip_norm=1.0)
    average_images: PositiveInt | None = 60_000
    """Horizon, in images, of the exponential moving average (EMA) of the network's weights; None keeps no EMA."""
    logging: LoggingSettings = LoggingSettings(samples_every=500, evaluate_every=1000, evaluate_samples=1000)
    checkpoints: CheckpointSettings = CheckpointSettings(every=1000)

    export_limits: ExportLimits = ExportLimits(dynamic=QuantizedLimits(distance_share=0.05, psnr_db=0.2))
    """Wider with 8-bit weights: errors accumulate over the evaluations (docs/RESULTS.md)."""

    coupling: Literal["independent", "optimal"] = "optimal"
    """Pairing of noise and images in a batch: independent, or minibatch optimal transport, which minimises the sum of
    squared distances (Tong et al. 2024; Pooladian et al. 2023)."""
    prediction: Literal["image", "velocity"] = "image"
    """What the network outputs; the loss is that of the velocity in both cases."""
    times: TimeSettings = TimeSettings()
    network: Literal["unet", "transformer"] = "unet"
    """The network that predicts the velocity: a convolutional U-Net, or a transformer over patches."""
    unet: UNetSettings = UNetSettings()
    transformer: TransformerSettings = TransformerSettings()

    def __post_init__(self) -> None:
        height, width, _ = self.state_shape
        if self.network == "unet":
            self.images.refuse_unless_doubled(len(self.unet.filters))
        elif height % self.transformer.patch or width % self.transformer.patch:
            raise ValueError(
                f"the generated size is {height}x{width}: height and width must be divisible by transformer.patch "
                f"({self.transformer.patch})"
            )

    @property
    def state_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` of the flow's state: that of the images, unless they are encoded first."""
        return self.images.shape

    @property
    def time_size(self) -> int:
        """Length of the network's time embedding."""
        return self.unet.time_size if self.network == "unet" else self.transformer.width
