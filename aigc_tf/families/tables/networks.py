"""Networks between latents and table rows, sized by the recipe and the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers

from aigc_tf.data.tables.scheme import Scheme
from aigc_tf.nn.blocks import gaussian_head

if TYPE_CHECKING:
    from aigc_tf.recipes.table_gan import TableGAN
    from aigc_tf.recipes.table_vae import TableVAE


def _hidden(x: Any, units: tuple[int, ...]) -> Any:
    """Dense layers with separate ReLU layers, as private training needs."""
    for index, size in enumerate(units, 1):
        x = layers.Dense(size, name=f"dense_{index}")(x)
        x = layers.Activation("relu", name=f"activation_{index}")(x)
    return x


def encoder(recipe: TableVAE, scheme: Scheme) -> keras.Model:
    """Encoded rows `[batch, width]` -> mean and log variance `[batch, latent_dim]` (Xu et al. 2019, §4.5)."""
    row = keras.Input((scheme.width,), name="row")
    return keras.Model(row, gaussian_head(_hidden(row, recipe.hidden_units), recipe.latent_dim), name="encoder")


def decoder(recipe: TableVAE, scheme: Scheme) -> keras.Model:
    """Latents -> for each number its position before tanh and log deviation parameter, then logits of choices.

    `[batch, 2 * numbers + choices]`. The deviations depend on the latent; in the paper there is one per column.
    """
    latent = keras.Input((recipe.latent_dim,), name="latent")
    size = len(scheme.numeric) + scheme.width
    x = layers.Dense(size, name="parameters")(_hidden(latent, recipe.hidden_units[::-1]))
    return keras.Model(latent, x, name="decoder")


def generator(recipe: TableGAN, scheme: Scheme) -> keras.Model:
    """Latents, and a condition if there are categories -> positions before tanh, then logits: `[batch, width]`.

    Each layer's output is concatenated with its input (Xu et al. 2019, §4.4).
    """
    latent = keras.Input((recipe.latent_dim,), name="latent")
    inputs, x = [latent], latent
    if scheme.conditions:
        inputs.append(keras.Input((scheme.conditions,), name="condition"))
        x = layers.Concatenate(name="conditioned")(inputs)
    for index, size in enumerate(recipe.generator_units, 1):
        y = layers.Dense(size, name=f"dense_{index}")(x)
        y = layers.BatchNormalization(name=f"norm_{index}")(y)
        y = layers.Activation("relu", name=f"activation_{index}")(y)
        x = layers.Concatenate(name=f"beside_{index}")([y, x])
    return keras.Model(inputs, layers.Dense(scheme.width, name="parameters")(x), name="generator")


def critic(recipe: TableGAN, scheme: Scheme) -> keras.Model:
    """Packs of rows with their conditions -> scores `[batch, 1]` (PacGAN, Lin et al. 2018)."""
    pack = x = keras.Input((recipe.pack * (scheme.width + scheme.conditions),), name="pack")
    for index, size in enumerate(recipe.critic_units, 1):
        x = layers.Dense(size, name=f"dense_{index}")(x)
        x = layers.LeakyReLU(0.2, name=f"activation_{index}")(x)
        x = layers.Dropout(recipe.dropout, name=f"dropout_{index}")(x)
    return keras.Model(pack, layers.Dense(1, name="score")(x), name="critic")
