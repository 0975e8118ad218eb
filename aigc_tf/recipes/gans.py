"""What the recipes of all generative adversarial networks share."""

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
"""Losses that compare the discriminator's answer with a label, which can be smoothed."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class R1Settings(metaclass=Checked):
    """A penalty on the discriminator's gradient at real images (Mescheder et al. 2018, eq. 9).

    At the images as they are, like the gradient penalty: without instance noise and differentiable augmentation.
    """

    weight: NonNegativeFloat = 0.0
    """γ of the equation; 0 leaves the penalty out."""
    every: PositiveInt = 16
    """Updates of the discriminator between two with the penalty, which then weighs so many times as much
    (Karras et al. 2020, "StyleGAN2", §3.1)."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class InstanceNoiseSettings(metaclass=Checked):
    """Normal noise on all images that the discriminator judges (Sønderby et al. 2017), fading linearly.

    Penalties on its gradient see images as they are.
    """

    deviation: NonNegativeFloat = 0.0
    """Standard deviation at the first step, where images span [-1, 1]; 0 leaves the noise out."""
    steps: PositiveInt = 1000
    """Training steps until it has faded."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ReplaySettings(metaclass=Checked):
    """Generated images of the past that the discriminator sees again (Shrivastava et al. 2017, §2.3)."""

    share: Fraction = 0.0
    """Of the generated images of each update of the discriminator; 0 leaves the replay out."""
    capacity: PositiveInt = 1000
    """How many images are remembered, the latest; they are part of every checkpoint."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GuardSettings(metaclass=Checked):
    """What counts as collapse or divergence, and what is done then (aigc_tf/engine/guard.py)."""

    action: Literal["warn", "stop", "roll_back"] = "warn"
    """Say it; stop and save; or go back to the best checkpoint with other random numbers and lower learning rates."""
    least_spread: Fraction = 0.2
    """How much samples differ from each other at least, as a share of how much the data do."""
    pinned_probability: Fraction = 0.99
    """The discriminator wins too clearly when it is right about both kinds of images with a higher one, or about a
    larger share of both where its loss knows scores alone (but for the Wasserstein loss, whose scores have no right
    side)..."""
    pinned_steps: PositiveInt = 500
    """...for so many steps in a row."""
    rises: PositiveInt = 5
    """The quality figure has become worse too often when it did so for so many evaluations in a row."""
    rollbacks: NonNegativeInt = 3
    """How often a run goes back at most; then it stops."""
    rate_factor: PositiveFloat = 0.5
    """Of both learning rates, each time."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GameRecipe(Recipe):
    """A generator and a discriminator of pictures, or of what is laid out like one."""

    watch: ClassVar[str] = "aigc_tf.engine.guard:Guard"
    sample_options: ClassVar[type] = LatentSampling

    latent_dim: PositiveInt = 100
    """Length of the latent vector."""
    generator_optimizer: AdamSettings = AdamSettings(learning_rate=8e-4, beta_1=0.5)
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=2e-4, beta_1=0.5)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=0, final_share=1.0)
    """Of both players' learning rates, which stay as they are unless it says otherwise."""
    average_images: PositiveInt | None = 20_000
    """Horizon, in images, of the moving average of the generator; None keeps no average."""

    loss: AdversarialLoss = "non_saturating"
    """What the players minimise (aigc_tf/families/gan/losses.py)."""
    label_smoothing: Fraction = 0.0
    """One-sided: the target of real images is 1 minus this (Salimans et al. 2016, §3.4)."""
    discriminator_steps: PositiveInt = 1
    """Updates of the discriminator in a training step, each with batch_size real images of its own."""
    gradient_penalty: NonNegativeFloat = 0.0
    """Weight of the gradient penalty (Gulrajani et al. 2017, eq. 3), between images as they are; 0 leaves it out."""
    r1: R1Settings = R1Settings()
    spectral_normalisation: bool = False
    """Divide each of the discriminator's kernels by its largest singular value (Miyato et al. 2018)."""
    instance_noise: InstanceNoiseSettings = InstanceNoiseSettings()
    differentiable: DifferentiableAugmentation = DifferentiableAugmentation()
    """Augmentation of all images that the discriminator judges, not of those that penalties see: for sources of few
    images."""
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
        """Generated images of the past in a batch of the discriminator."""
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
