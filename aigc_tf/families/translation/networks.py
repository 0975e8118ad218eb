"""Networks of image translation: a U-Net, and PatchGAN discriminators, with instance normalisation."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.nn.discriminator import patch_scores
from aigc_tf.nn.normalisation import INSTANCE_NORM
from aigc_tf.nn.unet import half_size_unet
from aigc_tf.recipes.picture_translation import TranslationRecipe


def generator(recipe: TranslationRecipe) -> keras.Model:
    """Pictures `[batch, height, width, channels]` in [0, 1] -> pictures of the other domain, of the same shape."""
    return _generator(recipe, "generator")


def back(recipe: TranslationRecipe) -> keras.Model:
    """The generator for the reverse direction."""
    return _generator(recipe, "back")


def discriminator(recipe: TranslationRecipe) -> keras.Model:
    """Pictures -> scores of patches `[batch, height / 4, width / 4, 1]`."""
    image = keras.Input((None, None, recipe.photos.channels), name="image")
    return keras.Model(image, patch_scores(image, recipe.discriminator_filters), name="discriminator")


def discriminator_a(recipe: TranslationRecipe) -> keras.Model:
    """The discriminator of the first domain."""
    image = keras.Input((None, None, recipe.photos.channels), name="image")
    return keras.Model(image, patch_scores(image, recipe.discriminator_filters), name="discriminator_a")


def pair_discriminator(recipe: TranslationRecipe) -> keras.Model:
    """Pictures of the first domain, and of the second -> logits of patches `[batch, height / 4, width / 4, 1]`."""
    image = keras.Input((None, None, recipe.photos.channels), name="image")
    target = keras.Input((None, None, recipe.photos.channels), name="target")
    both = layers.Concatenate(name="both")([image, target])
    return keras.Model([image, target], patch_scores(both, recipe.discriminator_filters), name="discriminator")


def _generator(recipe: TranslationRecipe, name: str) -> keras.Model:
    image = keras.Input((None, None, recipe.photos.channels), name="image")
    logits = half_size_unet(
        image, recipe.unet_filters, recipe.lowest_blocks, recipe.photos.channels, groups=INSTANCE_NORM
    )
    return keras.Model(image, layers.Activation("sigmoid", name="brightness")(logits), name=name)
