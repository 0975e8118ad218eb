"""Shared parts of the recipes for generative adversarial networks (GANs)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.augment import DifferentiableAugmentation
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT, Checked, Fraction
from aigc_tf.recipes.images import ImageRecipe
from aigc_tf.recipes.options import LatentSampling
from aigc_tf.recipes.settings import AdamSettings, ScheduleSettings

AdversarialLoss = Literal["non_saturating", "minimax", "least_squares", "hinge", "wasserstein"]
WITH_LABELS = ("non_saturating", "minimax", "least_squares")
"""Losses that compare the discriminator's output with a label, which can be smoothed."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class R1Settings(metaclass=Checked):
    """R1 penalty on the discriminator's gradient at real images (Mescheder et al. 2018, eq. 9).

    Like the gradient penalty, it sees images without instance noise and differentiable augmentation.
    """

    weight: NonNegativeFloat = 0.0
    """γ of the equation; 0 disables the penalty."""
    every: PositiveInt = 16
    """Lazy regularisation: the penalty is applied every this many discriminator updates, with its weight multiplied
    accordingly (Karras et al. 2020, "StyleGAN2", §3.1)."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class InstanceNoiseSettings(metaclass=Checked):
    """Instance noise: Gaussian noise on the discriminator's inputs (Sønderby et al. 2017), decaying linearly.

    Penalties on its gradient see images without it.
    """

    deviation: NonNegativeFloat = 0.0
    """Standard deviation at the first step, where images span [-1, 1]; 0 disables the noise."""
    steps: PositiveInt = 1000
    """Training steps until it has decayed to 0."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ReplaySettings(metaclass=Checked):
    """Replay buffer of earlier generated images for the discriminator (Shrivastava et al. 2017, §2.3)."""

    share: Fraction = 0.0
    """Share of each discriminator update's generated images that comes from the buffer; 0 disables the replay."""
    capacity: PositiveInt = 1000
    """Size of the buffer; it keeps the latest images and is part of every checkpoint."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GuardSettings(metaclass=Checked):
    """When training counts as collapsed or diverged, and what to do about it (aigc_tf/engine/guard.py)."""

    action: Literal["warn", "stop", "roll_back"] = "warn"
    """Warn; stop and save; or go back to the best checkpoint with another seed and lower learning rates."""
    least_spread: Fraction = 0.2
    """Mode collapse: minimum diversity of the samples, as a share of the diversity of the data."""
    pinned_probability: Fraction = 0.99
    """The discriminator is too strong when its probability of being right on real and on generated images, or its
    accuracy on both where the loss uses unbounded scores, exceeds this (not checked for the Wasserstein loss)..."""
    pinned_steps: PositiveInt = 500
    """...for this many consecutive steps."""
    rises: PositiveInt = 5
    """Training has diverged when the quality figure gets worse in this many consecutive evaluations."""
    rollbacks: NonNegativeInt = 3
    """Maximum number of rollbacks; then the run stops."""
    rate_factor: PositiveFloat = 0.5
    """Factor applied to both learning rates at each rollback."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GameRecipe(Recipe):
    """A generator and a discriminator of pictures, or of data laid out like pictures."""

    watch: ClassVar[str] = "aigc_tf.engine.guard:Guard"
    sample_options: ClassVar[type] = LatentSampling

    latent_dim: PositiveInt = 100
    """Length of the latent vector."""
    generator_optimizer: AdamSettings = AdamSettings(learning_rate=8e-4, beta_1=0.5)
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=2e-4, beta_1=0.5)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=0, final_share=1.0)
    """Schedule of both learning rates, constant by default."""
    average_images: PositiveInt | None = 20_000
    """Horizon, in images, of the exponential moving average (EMA) of the generator's weights; None keeps no EMA."""

    loss: AdversarialLoss = "non_saturating"
    """The adversarial loss (aigc_tf/families/gan/losses.py)."""
    label_smoothing: Fraction = 0.0
    """One-sided: the target of real images is 1 minus this (Salimans et al. 2016, §3.4)."""
    discriminator_steps: PositiveInt = 1
    """Updates of the discriminator per training step, each with batch_size real images of its own."""
    gradient_penalty: NonNegativeFloat = 0.0
    """Weight of the gradient penalty (Gulrajani et al. 2017, eq. 3), on unaugmented images; 0 disables it."""
    r1: R1Settings = R1Settings()
    spectral_normalisation: bool = False
    """Divide each of the discriminator's kernels by its largest singular value (Miyato et al. 2018)."""
    instance_noise: InstanceNoiseSettings = InstanceNoiseSettings()
    differentiable: DifferentiableAugmentation = DifferentiableAugmentation()
    """Differentiable augmentation of the discriminator's inputs, but not of those that penalties see: for small
    sources."""
    replay: ReplaySettings = ReplaySettings()
    guard: GuardSettings = GuardSettings()

    def __post_init__(self) -> None:
        if self.label_smoothing and self.loss not in WITH_LABELS:
            raise ValueError(
                f"label_smoothing is {self.label_smoothing}: the loss {self.loss} has no labels to smooth, "
                f"leave it at 0 or choose a loss of {', '.join(WITH_LABELS)}"
            )
        if self.loss == "wasserstein" and not (self.gradient_penalty or self.r1.weight or self.spectral_normalisation):
            raise ValueError(
                "loss is wasserstein: its scores would grow without bound, turn on gradient_penalty, r1.weight or "
                "spectral_normalisation"
            )
        if self.replay.share and not 1 <= self.replayed <= self.replay.capacity:
            raise ValueError(
                f"replay.share is {self.replay.share}, which is {self.replayed} images of a batch of "
                f"{self.batch_size}: at least 1 and at most replay.capacity ({self.replay.capacity}) are needed"
            )

    @property
    def replayed(self) -> int:
        """Replayed images in a batch of the discriminator."""
        return round(self.replay.share * self.batch_size)

    @property
    def examples_per_step(self) -> int:
        """Each update of the discriminator has its own real images."""
        return self.batch_size * self.discriminator_steps


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GANRecipe(GameRecipe, ImageRecipe):
    """A generator and a discriminator of images."""

    model: ClassVar[str] = "aigc_tf.families.gan.model:GAN"
    distils: ClassVar[str | None] = "aigc_tf.families.gan.distillation:taught"
    widths: ClassVar[tuple[str, ...]] = ("generator_filters",)
    pipeline_tag: ClassVar[str | None] = "unconditional-image-generation"
