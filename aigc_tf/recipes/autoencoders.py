"""Shared parts of the autoencoder recipes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Checked, Fraction, ProperFraction
from aigc_tf.recipes.images import ImageRecipe
from aigc_tf.recipes.options import LatentSampling
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LikelihoodSettings(metaclass=Checked):
    """The likelihood: distribution of an image given the decoder's output."""

    kind: Literal["bernoulli", "gaussian", "learnt_gaussian", "logistic_mixture"] = "bernoulli"
    """learnt_gaussian: one standard deviation shared by all pixels is learnt (σ-VAE, Rybkin et al. 2021)."""
    scale: PositiveFloat = 0.1
    """Standard deviation of a Gaussian, where 1 is the whole range of brightness; initial value of a learnt one."""
    components: Annotated[int, Field(ge=2)] = 5
    """Components of a mixture of logistic distributions (Salimans et al. 2017)."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CorruptionSettings(metaclass=Checked):
    """Corruptions applied to the inputs of a denoiser, in this order; none by default."""

    blur_pixels: NonNegativeFloat = 0.0
    """Standard deviation of a Gaussian blur."""
    gaussian: NonNegativeFloat = 0.0
    """Standard deviation of added noise, where 1 is the whole range of brightness."""
    salt_and_pepper: Fraction = 0.0
    """Share of the pixels that become black or white, half of them each."""
    masking: Fraction = 0.0
    """Share of the pixels that become black."""
    jpeg_quality: Annotated[int, Field(ge=1, le=100)] | None = None
    """JPEG quality at which the inputs are compressed and decompressed."""

    @property
    def is_on(self) -> bool:
        """Whether anything is done."""
        return self != CorruptionSettings()


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AdversarialSettings(metaclass=Checked):
    """Adversarial training (000 §2.5.3): inputs are perturbed to maximise the loss; off by default."""

    epsilon: ProperFraction = 0.0
    """Largest change of each pixel, where 1 is the whole range of brightness: 0.031 is 8/255."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PriorSettings(metaclass=Checked):
    """A prior over the latents, learnt alongside the model without affecting it; standard normal by default.

    A normalising flow of affine couplings (Dinh et al. 2017), in place of the second stage of Dai & Wipf 2019.
    """

    couplings: NonNegativeInt = 0
    """Number of affine coupling layers; 0 keeps the standard normal prior."""
    units: PositiveInt = 128
    """Units of each of a coupling's two hidden layers."""
    optimizer: AdamSettings = AdamSettings()


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ConvolutionSettings(metaclass=Checked):
    """Convolutions and dense layers on either side of the latent vector (004 §3.4)."""

    encoder_filters: tuple[PositiveInt, PositiveInt] = (16, 32)
    """Channels of the two 3x3 convolutions of stride 2."""
    encoder_units: tuple[PositiveInt, ...] = (512,)
    """Units of the dense layers after the convolutions."""
    decoder_units: tuple[PositiveInt, ...] = (512,)
    """Units of the dense layers after the latent vector."""
    start_filters: PositiveInt = 64
    """Channels of the quarter-size feature map that the last dense layer outputs."""
    decoder_filters: tuple[tuple[PositiveInt, ...], tuple[PositiveInt, ...], tuple[PositiveInt, ...]] = (
        (32,),
        (16,),
        (),
    )
    """Channels of the 3x3 convolutions at a quarter, half and the full size; one more outputs the pixels."""
    enlargement: Literal["nearest", "transposed"] = "nearest"
    """Upsampling: nearest-neighbour, or a 4x4 transposed convolution of stride 2 that replaces the first convolution at
    the new size. If that is the one that outputs the pixels, it costs a quarter as much."""
    activation: Literal["relu", "leaky_relu", "silu"] = "relu"
    """Activation after each layer but the last; leaky_relu has a negative slope of 0.2."""

    def __post_init__(self) -> None:
        if not self.decoder_filters[1]:
            raise ValueError(
                f"convolutions.decoder_filters is {self.decoder_filters}: give at least one at half the size"
            )

    @classmethod
    def printed(cls) -> Self:
        """The widths printed in the article; its Reshape starts at a quarter of the size."""
        return cls(
            encoder_filters=(32, 64),
            encoder_units=(16,),
            decoder_units=(16,),
            start_filters=32,
            decoder_filters=((64, 128, 128), (128, 128), (128,)),
        )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AutoencoderRecipe(ImageRecipe):
    """An encoder and a decoder of images."""

    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.images.samples:Samples",
        "aigc_tf.metrics.images.autoencoders:Reconstruction",
    )
    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"
    chosen_on: ClassVar[Literal["validation", "train"]] = "validation"
    sample_options: ClassVar[type] = LatentSampling

    optimizer: AdamSettings = AdamSettings()
    likelihood: LikelihoodSettings = LikelihoodSettings()
    corruption: CorruptionSettings = CorruptionSettings()
    """Corruption of the inputs; the targets stay clean."""
    adversarial: AdversarialSettings = AdversarialSettings()
    """Adversarial perturbation of the inputs, after any corruption."""
    binarise: bool = False
    """Train on stochastically binarised images: each pixel is 1 with its brightness as probability, at every step."""
    average_images: PositiveInt | None = None
    """Horizon, in images, of the exponential moving average (EMA) of both networks' weights; None keeps no EMA."""

    def __post_init__(self) -> None:
        if self.binarise and self.likelihood.kind != "bernoulli":
            raise ValueError(
                f"likelihood.kind is {self.likelihood.kind!r}: binarise makes pixels black or white, choose bernoulli"
            )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class VariationalRecipe(AutoencoderRecipe):
    """A variational autoencoder: loss = reconstruction + beta * KL, both in nats an image."""

    pipeline_tag: ClassVar[str | None] = "unconditional-image-generation"
    evaluators: ClassVar[tuple[str, ...]] = (
        *AutoencoderRecipe.evaluators,
        "aigc_tf.metrics.images.autoencoders:Likelihood",
    )

    latent_dim: PositiveInt = 20
    """Length of the latent vector."""
    beta: NonNegativeFloat = 1.0
    """Weight of the KL divergence (Higgins et al. 2017); 1 gives the evidence lower bound (ELBO)."""
    annealing_steps: NonNegativeInt = 0
    """KL annealing: steps over which the weight rises from 0 to beta (Bowman et al. 2016)."""
    free_bits: NonNegativeFloat = 0.0
    """Nats of KL per latent dimension, averaged over the batch, that are not penalised (Kingma et al. 2016, eq. 15)."""
    capacity: NonNegativeFloat | None = None
    """Target of the KL divergence in nats; the loss has beta * |KL - capacity| (Burgess et al. 2018, eq. 8)."""
    capacity_steps: PositiveInt = 1
    """Steps over which the capacity rises from 0."""
    prior: PriorSettings = PriorSettings()
    """The distribution that latents are sampled from; the ELBO always uses the standard normal prior."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.prior.couplings and self.latent_dim < 2:
            raise ValueError(f"latent_dim is {self.latent_dim}: prior.couplings need at least 2")
        if self.capacity is not None and (self.free_bits or self.annealing_steps):
            raise ValueError(
                f"capacity is {self.capacity}: a capacity schedule replaces free_bits "
                f"({self.free_bits}) and annealing_steps ({self.annealing_steps}), leave those at 0"
            )
