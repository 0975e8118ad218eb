"""Decoder likelihoods of images, as layers that turn the decoder's parameters into mean images.

The normal density and its learnt standard deviation are functions, shared with time-series models.
"""

from __future__ import annotations

import abc
import math

import keras
from keras import ops

from aigc_tf.recipes.autoencoders import LikelihoodSettings

# With a smaller learnt scale, a single lucky value would outweigh all others (Rybkin et al. 2021, appendix).
MIN_LOG_SCALE = -6.0
MIN_PROBABILITY = 1e-7  # its logarithm is finite, in a file with float16 constants too, and 0 times that is 0
# Half the distance of two of the 256 grey levels in [-1, 1].
HALF_LEVEL = 1.0 / 255.0
MIN_LOGISTIC_LOG_SCALE = -7.0


class Likelihood(keras.layers.Layer, abc.ABC):
    """A distribution of images given the decoder's parameters `[batch, height, width, parameters]`."""

    is_density = False
    """Whether it is a density over brightness in [0, 1], not a probability of grey levels."""

    def parameters(self, channels: int) -> int:
        """How many parameters the decoder outputs per pixel of an image with `channels` channels."""
        return channels

    @abc.abstractmethod
    def log_probability(self, parameters: keras.KerasTensor, images: keras.KerasTensor) -> keras.KerasTensor:
        """Log-likelihood in nats, summed over pixels and channels: `[batch]`.

        Args:
            parameters: `[batch, height, width, parameters]`.
            images: `[batch, height, width, channels]` in [0, 1].
        """

    def highest(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """The highest log-likelihood that any parameters give the images, `[batch]`, up to a constant.

        Args:
            images: `[batch, height, width, channels]` in [0, 1].
        """
        return ops.zeros_like(images[:, 0, 0, 0])

    def shortfall(self, parameters: keras.KerasTensor, images: keras.KerasTensor) -> keras.KerasTensor:
        """How many nats the log-likelihood is below its maximum for the images, up to a constant: `[batch]`.

        It is half the deviance of generalised linear models (McCullagh & Nelder 1989, §2.3).
        """
        return self.highest(images) - self.log_probability(parameters, images)

    @abc.abstractmethod
    def call(self, parameters: keras.KerasTensor) -> keras.KerasTensor:
        """The mean image, `[batch, height, width, channels]` in [0, 1]."""


class Bernoulli(Likelihood):
    """Each parameter is the logit of the probability that a pixel is lit.

    Exact for binary images. For grey ones it is the usual cross-entropy, which is not a normalised density: such values
    are comparable only with each other.
    """

    def log_probability(self, parameters: keras.KerasTensor, images: keras.KerasTensor) -> keras.KerasTensor:
        """x log p + (1 - x) log(1 - p)."""
        return _sum_over_pixels(images * parameters - softplus(parameters))

    def highest(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """Minus the entropy of the pixels; without it, grey images would be ranked by how grey they are."""
        lit, dark = (values * ops.log(ops.relu(values) + MIN_PROBABILITY) for values in (images, 1.0 - images))
        return _sum_over_pixels(lit + dark)

    def call(self, parameters: keras.KerasTensor) -> keras.KerasTensor:
        """The probability."""
        return ops.sigmoid(parameters)


class Gaussian(Likelihood):
    """A normal density around the decoder's image, with one standard deviation for all pixels.

    Args:
        scale: the standard deviation, where 1 is the range of brightness; its initial value if it is learnt.
        learnt: whether it is a weight (the shared σ-VAE of Rybkin et al. 2021, §4).
    """

    is_density = True

    def __init__(self, scale: float, learnt: bool, **options: object) -> None:
        super().__init__(**options)
        self.scale, self.learnt = scale, learnt
        initial = keras.initializers.Constant(free_log_scale(scale))
        self.free_log_scale = self.add_weight(shape=(), initializer=initial, trainable=learnt, name="free_log_scale")

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "scale": self.scale, "learnt": self.learnt}

    def log_probability(self, parameters: keras.KerasTensor, images: keras.KerasTensor) -> keras.KerasTensor:
        """log N(x; parameters, scale²)."""
        return gaussian_log_density(images, parameters, log_scale(self.free_log_scale))

    def call(self, parameters: keras.KerasTensor) -> keras.KerasTensor:
        """The parameters, clipped to [0, 1]."""
        return ops.clip(parameters, 0.0, 1.0)


class LogisticMixture(Likelihood):
    """A mixture of logistic distributions, integrated over each of 256 grey levels (Salimans et al. 2017, §2.1).

    The channels of a pixel share the choice of the component; given it they are independent. (The paper lets
    them depend on each other.) Inside, brightness runs from -1 to 1.

    Args:
        components: of the mixture.
    """

    def __init__(self, components: int, **options: object) -> None:
        super().__init__(**options)
        self.components = components

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "components": self.components}

    def parameters(self, channels: int) -> int:
        """For each component, a weight, and a mean and a log scale per channel."""
        return self.components * (1 + 2 * channels)

    def log_probability(self, parameters: keras.KerasTensor, images: keras.KerasTensor) -> keras.KerasTensor:
        """log of the probability of each pixel's grey level."""
        weights, means, log_scales = self._split(parameters)
        values = ops.expand_dims(images * 2.0 - 1.0, -1)  # [batch, height, width, channels, 1]
        inverse = ops.exp(-log_scales)
        upper = (values - means + HALF_LEVEL) * inverse
        lower = (values - means - HALF_LEVEL) * inverse
        # sigmoid(upper) - sigmoid(lower), as a product that is accurate in both tails:
        # sigmoid(upper) * sigmoid(-lower) * (1 - exp(lower - upper)).
        inside = -softplus(-upper) - softplus(lower) + ops.log(-ops.expm1(-2.0 * HALF_LEVEL * inverse))
        darkest = -softplus(-upper)  # everything below the first level's upper edge
        brightest = -softplus(lower)  # everything above the last level's lower edge
        log_levels = ops.where(values < -1 + HALF_LEVEL, darkest, ops.where(values > 1 - HALF_LEVEL, brightest, inside))
        joint = ops.sum(log_levels, axis=3) + ops.log_softmax(weights)  # [batch, height, width, components]
        return ops.sum(ops.logsumexp(joint, axis=-1), axis=(1, 2))

    def call(self, parameters: keras.KerasTensor) -> keras.KerasTensor:
        """The weighted mean of the components' means, clipped to the range of brightness."""
        weights, means, _ = self._split(parameters)
        shares = ops.expand_dims(ops.softmax(weights), 3)
        mean = ops.sum(shares * ops.clip(means, -1.0, 1.0), axis=-1)
        return mean * 0.5 + 0.5

    def _split(self, parameters: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
        """Logits `[batch, height, width, components]`; means and log scales `[..., channels, components]`."""
        _, height, width, count = parameters.shape
        channels = (count // self.components - 1) // 2
        weights = parameters[..., : self.components]
        rest = ops.reshape(parameters[..., self.components :], (-1, height, width, 2 * channels, self.components))
        log_scales = ops.maximum(rest[..., channels:, :], MIN_LOGISTIC_LOG_SCALE)
        return weights, rest[..., :channels, :], log_scales


def make_likelihood(settings: LikelihoodSettings) -> Likelihood:
    """The likelihood of a recipe's settings, as a layer named `likelihood`."""
    makers = {
        "bernoulli": lambda: Bernoulli(name="likelihood"),
        "gaussian": lambda: Gaussian(settings.scale, learnt=False, name="likelihood"),
        "learnt_gaussian": lambda: Gaussian(settings.scale, learnt=True, name="likelihood"),
        "logistic_mixture": lambda: LogisticMixture(settings.components, name="likelihood"),
    }
    return makers[settings.kind]()


def log_scale(free: keras.KerasTensor) -> keras.KerasTensor:
    """The logarithm of a learnt standard deviation, from its unconstrained weight; of the same shape.

    The lower bound, `MIN_LOG_SCALE`, is soft, so that there is a gradient on both sides.
    """
    return MIN_LOG_SCALE + softplus(free)


def free_log_scale(scale: float) -> float:
    """The inverse of `log_scale`: the unconstrained weight for a standard deviation.

    Raises:
        ValueError: the deviation is too small.
    """
    above = math.log(scale) - MIN_LOG_SCALE
    if above <= 0:
        raise ValueError(f"likelihood.scale is {scale}: the minimum is {math.exp(MIN_LOG_SCALE):.2g}")
    return math.log(math.expm1(above))


def gaussian_log_density(
    values: keras.KerasTensor, means: keras.KerasTensor, log_deviation: keras.KerasTensor
) -> keras.KerasTensor:
    """log N(values; means, deviation²) in nats, summed over all axes but the first: `[batch]`.

    Args:
        values: `[batch, ...]`.
        means: of the same shape.
        log_deviation: the logarithm of the standard deviation, of a shape that broadcasts to the last axes.
    """
    standardised = (values - means) * ops.exp(-log_deviation)
    by_value = -0.5 * ops.square(standardised) - log_deviation - 0.5 * math.log(2 * math.pi)
    return ops.sum(by_value, axis=tuple(range(1, len(values.shape))))


def softplus(x: keras.KerasTensor) -> keras.KerasTensor:
    """log(1 + exp(x)), from operations that LiteRT supports."""
    return ops.relu(x) + ops.log(1.0 + ops.exp(-ops.abs(x)))


def _sum_over_pixels(values: keras.KerasTensor) -> keras.KerasTensor:
    return ops.sum(values, axis=(1, 2, 3))
