"""Networks between latents and windows of standardised returns, sized by the recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers, ops

from aigc_tf.nn.blocks import gaussian_head
from aigc_tf.recipes.finance import SHORTEN, ReturnRecipe

if TYPE_CHECKING:
    from aigc_tf.recipes.returns import Returns
    from aigc_tf.recipes.returns_gan import ReturnsGAN

DAILY = 4
"""Normal variables per day: one is its shock, the others drive its volatility and mean."""
_HALVINGS = 3


def _convolution(filters: int, size: int, name: str, activation: str | None = None, **options: Any) -> Any:
    """A 2D convolution over days: LiteRT has no built-in operator for the bias of a 1D convolution."""
    return layers.Conv2D(filters, (size, 1), activation=activation, name=name, **options)


def _shortened(recipe: ReturnRecipe, window: Any) -> Any:
    """Returns `[batch, length, 1]` and their sizes -> features `[batch, length / 8 * filters]`."""
    x = layers.Concatenate(name="sizes")([window, ops.log(0.1 + ops.abs(window))])
    x = layers.Reshape((recipe.returns.length, 1, 2), name="days")(x)
    for index in range(_HALVINGS):
        x = _convolution(recipe.filters, 5, f"convolution_{index}", strides=(2, 1), padding="same")(x)
        x = layers.LeakyReLU(0.2, name=f"activation_{index}")(x)
    return layers.Flatten(name="flatten")(x)


def _lengthened(recipe: ReturnRecipe, latent: Any) -> Any:
    """Latents -> features of each day, `[batch, length, 1, filters]`."""
    days = recipe.returns.length // SHORTEN
    x = layers.Dense(days * recipe.filters, activation="relu", name="start")(latent)
    x = layers.Reshape((days, 1, recipe.filters), name="days")(x)
    for index in range(_HALVINGS):
        days *= 2
        x = _convolution(2 * recipe.filters, 3, f"longer_{index}", "relu", padding="same")(x)
        x = layers.Reshape((days, 1, recipe.filters), name=f"days_{index}")(x)
    return x


def encoder(recipe: Returns) -> keras.Model:
    """Standardised returns `[batch, length, 1]` -> mean and log variance `[batch, latent_dim]`."""
    window = keras.Input((recipe.returns.length, 1), name="window")
    return keras.Model(window, gaussian_head(_shortened(recipe, window), recipe.latent_dim), name="encoder")


def decoder(recipe: Returns) -> keras.Model:
    """Latents -> for each day its mean and the parameter of its log deviation: `[batch, 2 * length]`."""
    latent = keras.Input((recipe.latent_dim,), name="latent")
    x = _convolution(2, 5, "parameters", padding="same")(_lengthened(recipe, latent))
    return keras.Model(latent, layers.Flatten(name="each_day")(x), name="decoder")


def generator(recipe: ReturnsGAN) -> keras.Model:
    """Latents, and noise of each day -> standardised returns `[batch, length, 1]`.

    r_t = μ_t + σ_t ε_t, where ε_t is the first number of a day's noise, and μ_t and σ_t depend on the latent and the
    noise of the other days: the stochastic volatility network of Wiese et al. 2020, §5.3, over windows.
    """
    latent = keras.Input((recipe.latent_dim,), name="latent")
    noise = keras.Input((recipe.returns.length, DAILY), name="noise")
    length = recipe.returns.length
    before = layers.ZeroPadding2D(((1, 0), (0, 0)), name="day_before")(
        ops.reshape(noise[:, :-1], (-1, length - 1, 1, DAILY))
    )
    x = layers.Concatenate(name="beside")([_lengthened(recipe, latent), before])
    for index, dilation in enumerate((1, 4)):
        x = layers.ZeroPadding2D(((4 * dilation, 0), (0, 0)), name=f"past_{index}")(x)
        x = _convolution(recipe.filters, 5, f"course_{index}", "relu", dilation_rate=(dilation, 1))(x)
    parameters = layers.Flatten(name="each_day")(_convolution(2, 1, "parameters")(x))
    returns = parameters[:, 0::2] + ops.exp(ops.minimum(parameters[:, 1::2], 3.0)) * noise[:, :, 0]
    returns = layers.Reshape((length, 1), name="returns")(returns)
    return keras.Model([latent, noise], returns, name="generator")


def critic(recipe: ReturnsGAN) -> keras.Model:
    """Standardised returns `[batch, length, 1]` -> scores `[batch, 1]`."""
    window = keras.Input((recipe.returns.length, 1), name="window")
    return keras.Model(window, layers.Dense(1, name="score")(_shortened(recipe, window)), name="critic")
