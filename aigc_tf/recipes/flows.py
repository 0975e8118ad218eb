"""What the recipes of all flows share: from noise to pictures along a learnt velocity."""

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
    """How the equation from noise to a picture is solved."""

    evaluations: Annotated[int, Field(ge=1, le=MAX_EVALUATIONS)] = 10
    """How often the network is asked on the way from noise to a picture."""
    sampler: SamplerName = "adams_bashforth"
    """How the equation is solved: euler, heun (two evaluations a step), or adams_bashforth, of order 2."""
    time_shift: Annotated[float, Field(ge=0.01, le=100)] = 1.0
    """Above 1, more of the steps are near the noise, below 1 near the picture (Esser et al. 2024, eq. 23)."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FlowSampling(FlowSolving, LatentSampling):
    """Sampling of a flow."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FlowRedrawing(FlowSolving):
    """Drawing given pictures anew."""

    strength: Annotated[float, Field(gt=0, le=1)] = 0.6
    """Share of noise that a picture is given, from which it is drawn anew: 1 leaves nothing of it."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FlowEditing(FlowRedrawing):
    """Drawing given pictures anew, or a part of each."""

    region: str | None = None
    """A picture file: what is white there is drawn anew, what is black is kept as it is."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FlowEvaluation(FlowSolving, ImageEvaluation):
    """Measuring a flow: how it is sampled, and what with."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TimeSettings(Settings):
    """Which times between noise (0) and image (1) are trained: the logistic function of normal numbers.

    The logit-normal distribution of Esser et al. 2024, §3.1.
    """

    mean: float = -0.4
    """Of the normal numbers: below 0 there are more times near the noise."""
    deviation: PositiveFloat = 1.0
    """Of the same."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class UNetSettings(metaclass=Checked):
    """A U-Net that is told the time; it begins at half the size of the images."""

    filters: tuple[PositiveInt, ...] = (48, 96)
    """Channels at a half, a quarter, ... of the size."""
    blocks: tuple[PositiveInt, ...] = (1, 2)
    """Residual blocks at each of these sizes, on the way down; on the way up there is one at each but the smallest."""
    time_size: Annotated[int, Field(ge=2, multiple_of=2)] = 128
    """Sines and cosines of the time, and length of the vector that is made of them."""

    def __post_init__(self) -> None:
        if len(self.filters) != len(self.blocks) or not self.filters:
            raise ValueError(
                f"unet.filters has {len(self.filters)} sizes and unet.blocks {len(self.blocks)}: give as many of both, "
                "one at least"
            )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TransformerSettings(metaclass=Checked):
    """A transformer over patches that is told the time in every block (Peebles & Xie 2023)."""

    patch: PositiveInt = 4
    """Height and width of the squares that a picture is cut into."""
    width: PositiveInt = 96
    """Of what stands for a patch; a multiple of twice the heads."""
    depth: PositiveInt = 4
    """Blocks."""
    heads: PositiveInt = 4
    """Of the attention in each block."""

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads):
            raise ValueError(
                f"transformer.width is {self.width}: it must be a multiple of twice the heads ({self.heads})"
            )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FlowRecipe(ImageRecipe):
    """A network that predicts where a noisy picture comes from, and pictures by following it."""

    sample_options: ClassVar[type] = FlowSampling
    evaluate_options: ClassVar[type] = FlowEvaluation
    export_options: ClassVar[type] = FlowSolving

    batch_size: PositiveInt = 64
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, beta_2=0.99, clip_norm=1.0)
    average_images: PositiveInt | None = 60_000
    """Horizon, in images, of the moving average of the network; None keeps no average."""
    logging: LoggingSettings = LoggingSettings(samples_every=500, evaluate_every=1000, evaluate_samples=1000)
    checkpoints: CheckpointSettings = CheckpointSettings(every=1000)

    export_limits: ExportLimits = ExportLimits(dynamic=QuantizedLimits(distance_share=0.05, psnr_db=0.2))
    """Wider with 8-bit weights: each evaluation goes on from the errors of those before (docs/RESULTS.md)."""

    coupling: Literal["independent", "optimal"] = "optimal"
    """Which noise each image of a batch goes with: any, or that of the least squared distance over the batch (Tong et
    al. 2024; Pooladian et al. 2023)."""
    prediction: Literal["image", "velocity"] = "image"
    """What the network's numbers are; what is learnt is the velocity all the same."""
    times: TimeSettings = TimeSettings()
    network: Literal["unet", "transformer"] = "unet"
    """What is asked on the way: convolutions at several sizes, or a transformer over patches."""
    unet: UNetSettings = UNetSettings()
    transformer: TransformerSettings = TransformerSettings()

    def __post_init__(self) -> None:
        height, width, _ = self.state_shape
        if self.network == "unet":
            self.images.refuse_unless_doubled(len(self.unet.filters))
        elif height % self.transformer.patch or width % self.transformer.patch:
            raise ValueError(
                f"what comes out of noise is {height}x{width}: height and width must be divisible by transformer.patch "
                f"({self.transformer.patch})"
            )

    @property
    def state_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` of what comes out of noise: the images, unless they are coded first."""
        return self.images.shape

    @property
    def time_size(self) -> int:
        """Length of the vector that the network makes of the time."""
        return self.unet.time_size if self.network == "unet" else self.transformer.width
