"""Networks for photographs of any height and width, without normalisation: residual convolutions, and a U-Net."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from aigc_tf.nn.blocks import DepthToSpace, residual_block
from aigc_tf.nn.discriminator import patch_scores
from aigc_tf.nn.enlargement import Bicubic
from aigc_tf.nn.unet import half_size_unet
from aigc_tf.recipes.colourise import Colourise
from aigc_tf.recipes.deblur import Deblur
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.finer_slices import FinerSlices
from aigc_tf.recipes.inpaint import Inpaint
from aigc_tf.recipes.photos import HalfSizeRecipe, UnetRecipe
from aigc_tf.recipes.upscale import Upscale


@keras.saving.register_keras_serializable(package="aigc_tf")
class StrengthMap(layers.Layer):
    """A scalar for each picture as an additional constant channel (Zhang et al. 2018, "FFDNet", §III.A)."""

    def __init__(self, unit: float, **options: Any) -> None:
        super().__init__(**options)
        self.unit = unit

    def call(self, strength: Any, image: Any) -> Any:
        """`[batch, 1]` and `[batch, height, width, channels]` -> `[batch, height, width, 1]`."""
        # Not by ones of the image's shape: LiteRT would compute that shape, and everything after it, without its
        # delegates.
        return image[..., :1] * 0.0 + ops.reshape(strength, (-1, 1, 1, 1)) / self.unit

    def compute_output_spec(self, strength: Any, image: Any) -> Any:
        return keras.KerasTensor((*image.shape[:-1], 1), image.dtype)


def upscaler(recipe: Upscale) -> keras.Model:
    """Small pictures -> pictures `scale` times as large, as bicubic upscaling plus the network's residual.

    All convolutions are at the small size (Shi et al. 2016, §3.1); residual blocks without normalisation (Lim et al.
    2017, figure 2c).
    """
    image = _picture(recipe.photos.channels)
    first = layers.Conv2D(recipe.filters, 3, padding="same", name="first")(image)
    detail = _residual(first, recipe.blocks, recipe.scale, recipe.photos.channels)
    sum_ = layers.Add(name="enlarged")([Bicubic(recipe.scale, name="bicubic")(image), detail])
    return keras.Model(image, sum_, name="upscaler")


def judge(recipe: Upscale) -> keras.Model | None:
    """Large pictures and small ones -> logits of patches of the large; None without an adversarial loss.

    Its input is the difference from the bicubic upscaling of the small picture, as the rest is common to real and
    upscaled ones. It has no normalisation, which would remove contrast, the cue that distinguishes sharp pictures from
    blurred ones.
    """
    if not recipe.adversarial:
        return None
    large = keras.Input((None, None, recipe.photos.channels), name="large")
    image = _picture(recipe.photos.channels)
    details = layers.Subtract(name="details")([large, Bicubic(recipe.scale, name="bicubic")(image)])
    scores = patch_scores(layers.Rescaling(8.0, name="amplified")(details), recipe.judgement.filters, groups=None)
    return keras.Model([large, image], scores, name="discriminator")


def denoiser(recipe: Denoise) -> keras.Model:
    """Noisy pictures, and for Gaussian noise its strength in grey levels -> pictures without noise."""
    image = _picture(recipe.photos.channels)
    if recipe.noise != "gaussian":
        return keras.Model(image, layers.Add(name="clean")([image, _change(image, recipe)]), name="denoiser")
    sigma = keras.Input((1,), name="sigma")
    told = layers.Concatenate(name="told")([image, StrengthMap(255.0, name="sigma_map")(sigma, image)])
    return keras.Model([image, sigma], layers.Add(name="clean")([image, _change(told, recipe)]), name="denoiser")


def interpolator(recipe: FinerSlices) -> keras.Model:
    """Slices with linearly interpolated rows -> slices with improved ones."""
    image = _picture(recipe.photos.channels)
    return keras.Model(image, layers.Add(name="interpolated")([image, _change(image, recipe)]), name="interpolator")


def deblurrer(recipe: Deblur) -> keras.Model:
    """Blurred pictures -> sharp ones."""
    image = _picture(recipe.photos.channels)
    return keras.Model(image, layers.Add(name="sharp")([image, _change(image, recipe)]), name="deblurrer")


def inpainter(recipe: Inpaint) -> keras.Model:
    """Pictures, and masks that are 1 where pixels are missing -> whole pictures; known pixels are unchanged."""
    image, mask = _picture(recipe.photos.channels), keras.Input((None, None, 1), name="mask")
    known = layers.Multiply(name="known")([image, layers.Rescaling(-1.0, 1.0, name="there")(mask)])
    guess = _unet(layers.Concatenate(name="told")([known, mask]), recipe, bias=0.5)
    filled = layers.Add(name="filled")([known, layers.Multiply(name="new")([guess, mask])])
    return keras.Model([image, mask], filled, name="inpainter")


def colouriser(recipe: Colourise) -> keras.Model:
    """Grey pictures, one channel -> the same with colours, three."""
    grey = _picture(1)
    coloured = layers.Add(name="coloured")([layers.Concatenate(name="grey_rgb")([grey] * 3), _unet(grey, recipe)])
    return keras.Model(grey, coloured, name="colouriser")


def _change(x: Any, recipe: HalfSizeRecipe) -> Any:
    """The residual that a network at half the size adds to pictures; initially zero."""
    first = layers.Conv2D(recipe.filters, 6, strides=2, padding="same", name="halve")(x)
    return _residual(first, recipe.blocks, 2, recipe.photos.channels)


def _residual(first: Any, blocks: int, scale: int, channels: int) -> Any:
    """Features -> `channels` at `scale` times the size, initially zero; blocks without norm (Lim et al. 2017)."""
    x = first
    for index in range(blocks):
        x = residual_block(x, first.shape[-1], name=f"block_{index}")
    x = layers.Conv2D(first.shape[-1], 3, padding="same", name="body")(x)
    x = layers.Add(name="body_sum")([x, first])
    x = layers.Conv2D(scale**2 * channels, 3, padding="same", kernel_initializer="zeros", name="last")(x)
    return DepthToSpace(scale, name="detail")(x)


def _unet(x: Any, recipe: UnetRecipe, bias: float = 0.0) -> Any:
    return half_size_unet(x, recipe.unet_filters, recipe.lowest_blocks, recipe.photos.channels, bias=bias)


def _picture(channels: int) -> keras.KerasTensor:
    return keras.Input((None, None, channels), name="image")
