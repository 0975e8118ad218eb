"""The network of style transfer."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.nn.normalisation import INSTANCE_NORM
from aigc_tf.nn.unet import half_size_unet
from aigc_tf.recipes.style import Style


def stylist(recipe: Style) -> keras.Model:
    """Photographs `[batch, height, width, channels]` in [0, 1] -> the same in another style."""
    image = keras.Input((None, None, recipe.photos.channels), name="image")
    change = half_size_unet(
        image, recipe.unet_filters, recipe.lowest_blocks, recipe.photos.channels, groups=INSTANCE_NORM
    )
    centred = layers.Rescaling(4.0, -2.0, name="centred")(image)  # the sigmoid of it is near the picture itself
    styled = layers.Activation("sigmoid", name="brightness")(layers.Add(name="changed")([centred, change]))
    return keras.Model(image, styled, name="stylist")
