"""Networks of translation: a U-Net, and discriminators of patches, with instance normalisation."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from aigc_tf.nn.blocks import INSTANCE_NORM, group_norm
from aigc_tf.nn.unet import half_size_unet
from aigc_tf.recipes.picture_translation import TranslationRecipe

SLOPE = 0.2  # of LeakyReLU


def generator(recipe: TranslationRecipe) -> keras.Model:
    """Pictures `[batch, height, width, channels]` in [0, 1] -> pictures of the other kind, of the same form."""
    return _generator(recipe, "generator")


def back(recipe: TranslationRecipe) -> keras.Model:
    """The generator of the other direction."""
    return _generator(recipe, "back")


def discriminator(recipe: TranslationRecipe) -> keras.Model:
    """Pictures -> scores of patches `[batch, height / 4, width / 4, 1]`."""
    image = keras.Input((None, None, recipe.photos.channels), name="image")
    return keras.Model(image, _patch_scores(image, recipe), name="discriminator")


def discriminator_a(recipe: TranslationRecipe) -> keras.Model:
    """The discriminator of pictures of the first kind."""
    image = keras.Input((None, None, recipe.photos.channels), name="image")
    return keras.Model(image, _patch_scores(image, recipe), name="discriminator_a")


def pair_discriminator(recipe: TranslationRecipe) -> keras.Model:
    """Pictures of the first kind, and of the second -> logits of patches `[batch, height / 4, width / 4, 1]`."""
    image = keras.Input((None, None, recipe.photos.channels), name="image")
    target = keras.Input((None, None, recipe.photos.channels), name="target")
    both = layers.Concatenate(name="both")([image, target])
    return keras.Model([image, target], _patch_scores(both, recipe), name="discriminator")


def _generator(recipe: TranslationRecipe, name: str) -> keras.Model:
    image = keras.Input((None, None, recipe.photos.channels), name="image")
    logits = half_size_unet(
        image, recipe.unet_filters, recipe.lowest_blocks, recipe.photos.channels, groups=INSTANCE_NORM
    )
    return keras.Model(image, layers.Activation("sigmoid", name="brightness")(logits), name=name)


def _patch_scores(x: Any, recipe: TranslationRecipe) -> Any:
    """PatchGAN (Isola et al. 2017, §3.2.2): each score sees 34x34 pixels, or what there is."""
    for index, (filters, strides) in enumerate(zip(recipe.discriminator_filters, (2, 2, 1), strict=True)):
        x = layers.Conv2D(filters, 4, strides=strides, padding="same", name=f"convolution_{index}")(x)
        if index:
            x = group_norm(x, INSTANCE_NORM, f"norm_{index}")
        x = layers.LeakyReLU(SLOPE, name=f"activation_{index}")(x)
    return layers.Conv2D(1, 4, padding="same", name="scores")(x)
