"""Networks from users' likes to scores of all items."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from aigc_tf.data.ratings.items import Items
from aigc_tf.nn.blocks import gaussian_head
from aigc_tf.recipes.cfgan import CFGAN
from aigc_tf.recipes.mult_vae import MultVAE
from aigc_tf.recipes.recvae import RecVAE


def encoder(recipe: MultVAE, items: Items) -> keras.Model:
    """Liked items `[batch, items]` -> mean and log variance `[batch, latent_dim]` (Liang et al. 2018, §2.2)."""
    liked = keras.Input((len(items),), name="liked")
    x = shortened(liked)
    for index, units in enumerate(recipe.units):
        x = layers.Dense(units, "tanh", name=f"hidden_{index}")(x)
    return keras.Model(liked, gaussian_head(x, recipe.latent_dim), name="encoder")


def decoder(recipe: MultVAE, items: Items) -> keras.Model:
    """Latents `[batch, latent_dim]` -> logits `[batch, items]`."""
    latent = keras.Input((recipe.latent_dim,), name="latent")
    x = latent
    for index, units in enumerate(recipe.units[::-1]):
        x = layers.Dense(units, "tanh", name=f"hidden_{index}")(x)
    return keras.Model(latent, readout(items)(x), name="decoder")


def dense_encoder(recipe: RecVAE, items: Items) -> keras.Model:
    """The same for RecVAE: each layer gets the sum of those before it (Shenbin et al. 2020, figure 2)."""
    liked = keras.Input((len(items),), name="liked")
    x = shortened(liked)
    before: list[Any] = []
    for index in range(recipe.depth):
        x = layers.Dense(recipe.units, name=f"hidden_{index}")(x)
        x = layers.Activation("silu", name=f"silu_{index}")(
            layers.Add(name=f"together_{index}")([x, *before]) if before else x
        )
        x = layers.LayerNormalization(name=f"norm_{index}")(x)
        before.append(x)
    return keras.Model(liked, gaussian_head(x, recipe.latent_dim), name="encoder")


def linear_decoder(recipe: RecVAE, items: Items) -> keras.Model:
    """Latents `[batch, latent_dim]` -> logits `[batch, items]`, by one matrix."""
    latent = keras.Input((recipe.latent_dim,), name="latent")
    return keras.Model(latent, readout(items)(latent), name="decoder")


def generator(recipe: CFGAN, items: Items) -> keras.Model:
    """Liked items `[batch, items]` -> logits `[batch, items]`."""
    liked = keras.Input((len(items),), name="liked")
    x = shortened(liked)
    x = layers.Dense(recipe.units, "tanh", name="hidden")(x)
    return keras.Model(liked, readout(items)(x), name="generator")


def discriminator(recipe: CFGAN, items: Items) -> keras.Model:
    """Liked items, and a real or generated vector, `[batch, items]` each -> logits `[batch, 1]`."""
    liked, vector = (keras.Input((len(items),), name=name) for name in ("liked", "vector"))
    x = layers.Concatenate(name="both")([liked, vector])
    x = layers.Dense(recipe.discriminator_units, name="hidden")(x)
    x = layers.LeakyReLU(negative_slope=0.2, name="activation")(x)
    return keras.Model([liked, vector], layers.Dense(1, name="logit")(x), name="discriminator")


def readout(items: Items) -> layers.Dense:
    """The output layer, with biases initialised to the log popularity of each item."""
    popularity = np.log(np.array(items.counts) + 0.5)
    first = keras.initializers.Constant((popularity - popularity.mean()).astype(np.float32))
    return layers.Dense(len(items), bias_initializer=first, name="logits")


def shortened(liked: Any) -> Any:
    """Normalise likes `[batch, items]` to x / sqrt(1 + |x|²), whose norm approaches 1 as more is known.

    The paper divides by |x|, which is undefined without likes, and gives one liked item the same norm as a hundred.
    """
    return ops.divide(liked, ops.sqrt(1.0 + ops.sum(ops.square(liked), axis=-1, keepdims=True)))


class OthersFirst(layers.Layer):
    """Lower the scores of liked items below all others."""

    def call(self, scores: Any, liked: Any) -> Any:
        """`[batch, items]` both -> the same."""
        below = ops.min(scores, axis=-1, keepdims=True) - 1.0
        return ops.where(liked > 0, below, scores)


class Best(layers.Layer):
    """The indices of the largest scores, and these scores (top-k).

    Args:
        count: k.
    """

    def __init__(self, count: int, **options: object) -> None:
        super().__init__(**options)
        self.count = count

    def get_config(self) -> dict[str, object]:
        """The constructor's argument."""
        return {**super().get_config(), "count": self.count}

    def call(self, scores: Any) -> tuple[Any, Any]:
        """`[batch, items]` -> int32 and float32 `[batch, count]`, the largest first."""
        values, places = ops.top_k(scores, self.count)
        return ops.cast(places, "int32"), values
