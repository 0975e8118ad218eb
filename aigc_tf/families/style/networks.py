"""Networks of style transfer."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from aigc_tf.nn.normalisation import INSTANCE_NORM
from aigc_tf.nn.unet import half_size_unet
from aigc_tf.recipes.adain import AdaIN
from aigc_tf.recipes.style import Style
from aigc_tf.recipes.styles import StyleRecipe

_MIN_VARIANCE = 1e-5


@keras.saving.register_keras_serializable(package="aigc_tf")
class Moments(layers.Layer):
    """Mean and standard deviation of each channel: `[batch, height, width, channels]` -> `[batch, 2 * channels]`."""

    def call(self, x: Any) -> Any:
        mean = ops.mean(x, axis=(1, 2), keepdims=True)
        variance = ops.mean(ops.square(x - mean), axis=(1, 2))
        return ops.concatenate([mean[:, 0, 0], ops.sqrt(variance + _MIN_VARIANCE)], axis=-1)

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor((x.shape[0], 2 * x.shape[-1]), x.dtype)


def stylist(recipe: Style) -> keras.Model:
    """Photographs `[batch, height, width, channels]` in [0, 1] -> the same in another style."""
    image = keras.Input((None, None, recipe.photos.channels), name="image")
    return keras.Model(image, _changed(image, recipe), name="stylist")


def adaptive_stylist(recipe: AdaIN) -> keras.Model:
    """Photographs and style pictures `[batch, side, side, channels]`, both in [0, 1] -> photographs in their styles."""
    image = keras.Input((None, None, recipe.photos.channels), name="image")
    style = keras.Input((recipe.style_side, recipe.style_side, recipe.photos.channels), name="style")
    return keras.Model([image, style], _changed(image, recipe, _described(style, recipe)), name="adaptive_stylist")


def _described(x: Any, recipe: AdaIN) -> Any:
    """Style pictures -> `[batch, style_numbers]`, from channel statistics only, so independent of positions."""
    statistics = [Moments(name="style_moments")(x)]
    for index, filters in enumerate(recipe.style_filters):
        x = layers.Conv2D(filters, 4, strides=2, padding="same", activation="relu", name=f"style_convolution_{index}")(
            x
        )
        statistics.append(Moments(name=f"style_moments_{index}")(x))
    told = layers.Concatenate(name="style_statistics")(statistics)
    return layers.Dense(recipe.style_numbers, activation="relu", name="style_numbers")(told)


def _details(image: Any) -> Any:
    """Amplified local details, so that strokes can also form from the faint noise of smooth areas."""
    smooth = layers.AveragePooling2D(3, strides=1, padding="same", name="smooth")(image)
    difference = layers.Subtract(name="details")([image, smooth])
    return layers.Activation("tanh", name="amplified_details")(layers.Rescaling(32.0, name="amplified")(difference))


def _changed(image: Any, recipe: StyleRecipe, condition: Any = None) -> Any:
    change = half_size_unet(
        layers.Concatenate(name="told")([image, _details(image)]),
        recipe.unet_filters,
        recipe.lowest_blocks,
        recipe.photos.channels,
        groups=INSTANCE_NORM,
        condition=condition,
        method="nearest",
    )
    centred = layers.Rescaling(4.0, -2.0, name="centred")(image)  # its sigmoid is close to the picture itself
    return layers.Activation("sigmoid", name="brightness")(layers.Add(name="changed")([centred, change]))
