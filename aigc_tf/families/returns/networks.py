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
"""Normal numbers of each day: one is its shock, the others move its volatility and mean."""
_HALVINGS = 3


def _shortened(recipe: ReturnRecipe, window: Any) -> Any:
    """Returns `[batch, length, 1]` and their sizes -> features `[batch, length / 8 * filters]`."""
    x = layers.Concatenate(name="sizes")([window, ops.log(0.1 + ops.abs(window))])
    for index in range(_HALVINGS):
        x = layers.Conv1D(recipe.filters, 5, strides=2, padding="same", name=f"convolution_{index}")(x)
        x = layers.LeakyReLU(0.2, name=f"activation_{index}")(x)
    return layers.Flatten(name="flatten")(x)


def _lengthened(recipe: ReturnRecipe, latent: Any) -> Any:
    """Latents -> features of each day, `[batch, length, filters]`."""
    days = recipe.returns.length // SHORTEN
    x = layers.Dense(days * recipe.filters, activation="relu", name="start")(latent)
    x = layers.Reshape((days, recipe.filters), name="days")(x)
    for index in range(_HALVINGS):
        days *= 2
        x = layers.Conv1D(2 * recipe.filters, 3, padding="same", activation="relu", name=f"longer_{index}")(x)
        x = layers.Reshape((days, recipe.filters), name=f"days_{index}")(x)
    return x


def encoder(recipe: Returns) -> keras.Model:
    """Standardised returns `[batch, length, 1]` -> mean and log variance `[batch, latent_dim]`."""
    window = keras.Input((recipe.returns.length, 1), name="window")
    return keras.Model(window, gaussian_head(_shortened(recipe, window), recipe.latent_dim), name="encoder")


def decoder(recipe: Returns) -> keras.Model:
    """Latents -> of each day the mean, and what its log deviation follows from: `[batch, length, 2]`."""
    latent = keras.Input((recipe.latent_dim,), name="latent")
    days = layers.Conv1D(2, 5, padding="same", name="parameters")(_lengthened(recipe, latent))
    return keras.Model(latent, days, name="decoder")


def generator(recipe: ReturnsGAN) -> keras.Model:
    """Latents, and noise of each day -> standardised returns `[batch, length, 1]`.

    r_t = μ_t + σ_t ε_t, where ε_t is the first number of a day's noise, and μ_t and σ_t follow from the latent and the
    noise of the other days: the stochastic volatility network of Wiese et al. 2020, §5.3, over windows.
    """
    latent = keras.Input((recipe.latent_dim,), name="latent")
    noise = keras.Input((recipe.returns.length, DAILY), name="noise")
    before = layers.ZeroPadding1D((1, 0), name="day_before")(noise[:, :-1])
    x = layers.Concatenate(name="beside")([_lengthened(recipe, latent), before])
    for index, dilation in enumerate((1, 4)):
        x = layers.Conv1D(
            recipe.filters, 5, padding="causal", dilation_rate=dilation, activation="relu", name=f"course_{index}"
        )(x)
    parameters = layers.Conv1D(2, 1, name="parameters")(x)
    returns = parameters[..., :1] + ops.exp(ops.minimum(parameters[..., 1:], 3.0)) * noise[..., :1]
    return keras.Model([latent, noise], returns, name="generator")


def critic(recipe: ReturnsGAN) -> keras.Model:
    """Standardised returns `[batch, length, 1]` -> scores `[batch, 1]`."""
    window = keras.Input((recipe.returns.length, 1), name="window")
    return keras.Model(window, layers.Dense(1, name="score")(_shortened(recipe, window)), name="critic")
