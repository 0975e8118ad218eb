"""Degradations of photographs: network inputs from clean crops, and the simple baseline for each.

A degradation is a class named in a recipe. Its random numbers are drawn in the training step; an integer seed gives the
same ones every time.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.photos.photograph import LUMA
from aigc_tf.nn.corruption import blur_each, jpeg_each, salt_and_pepper, streams
from aigc_tf.nn.holes import PERIOD, free_form_holes, regular_holes

Seed: TypeAlias = int | keras.random.SeedGenerator
GREY_LEVELS = 255.0


class Degradation(abc.ABC):
    """Clean pictures -> inputs of a network by name."""

    scale: int = 1
    """How many times the output is larger than the input, in height and width."""
    measured: Mapping[str, float | None] = {"": None}
    """Evaluated strengths: suffix of the figures' names -> strength; None if there is nothing to choose."""
    baseline: ClassVar[str] = "the input"
    """Name of the method `simple` in reports."""

    @property
    @abc.abstractmethod
    def protocol(self) -> str:
        """A description of the degradation in evaluations; the suffixes of figures give its strength."""

    def __init__(self, recipe: Any) -> None:
        self.recipe = recipe

    @abc.abstractmethod
    def degrade(self, clean: tf.Tensor, seed: Seed, strength: float | None = None) -> dict[str, tf.Tensor]:
        """The inputs of the network, `image` among them.

        Args:
            clean: float32 `[batch, height, width, channels]` in [0, 1]; the sizes are multiples of `scale`.
            seed: of random draws.
            strength: one of `measured`; None draws a random one, as in training.
        """

    def simple(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """The simplest method's restoration of inputs, of the size of the clean picture."""
        return inputs["image"]

    def counted(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray | None:
        """The mask of pixels that count in evaluations, bool `[batch, height, width]`; None for all."""
        return None


class Noise(Degradation):
    """Noise or JPEG artefacts: the three kinds of the recipe's `noise`."""

    def __init__(self, recipe: Any) -> None:
        super().__init__(recipe)
        self.measured = {
            "gaussian": {"_15": 15.0, "_25": 25.0, "_50": 50.0},
            "salt_and_pepper": {"_10": 10.0, "_30": 30.0},
            "jpeg": {"_10": 10.0, "_20": 20.0, "_40": 40.0},
        }[recipe.noise]

    @property
    def protocol(self) -> str:
        """See `Degradation.protocol`."""
        return {
            "gaussian": "Gaussian noise of a standard deviation in grey levels, which the model is given; not clipped",
            "salt_and_pepper": "a percentage of the pixels black or white",
            "jpeg": "JPEG at a quality",
        }[self.recipe.noise]

    def degrade(self, clean: tf.Tensor, seed: Seed, strength: float | None = None) -> dict[str, tf.Tensor]:
        """Gaussian: a standard deviation in grey levels; salt and pepper: percent of the pixels; JPEG: the quality."""
        choosing, drawing = streams(seed, 2)
        batch = ops.shape(clean)[0]
        low, high = self.recipe.strength
        drawn = keras.random.uniform((batch, 1), low, high, seed=choosing)
        chosen = drawn if strength is None else ops.full((batch, 1), strength)
        spread = ops.reshape(chosen, (-1, 1, 1, 1))
        if self.recipe.noise == "gaussian":
            noise = keras.random.normal(ops.shape(clean), seed=drawing)
            return {"image": clean + spread / GREY_LEVELS * noise, "sigma": chosen}
        if self.recipe.noise == "salt_and_pepper":
            return {"image": salt_and_pepper(clean, spread / 100, drawing)}
        return {"image": jpeg_each(clean, chosen[:, 0])}


class Shrinking(Degradation):
    """Antialiased bicubic downsampling (Keys 1981, a = -0.5), rounded to 8 bits; `upscale` reverses it."""

    baseline = "bicubic"

    def __init__(self, recipe: Any) -> None:
        super().__init__(recipe)
        self.scale = recipe.scale

    @property
    def protocol(self) -> str:
        """See `Degradation.protocol`."""
        return f"downscaled {self.scale} times, bicubic with antialiasing, and rounded to 8 bits"

    def degrade(self, clean: tf.Tensor, seed: Seed, strength: float | None = None) -> dict[str, tf.Tensor]:
        """See `Degradation.degrade`."""
        del seed, strength
        height, width = (size // self.scale for size in clean.shape[1:3])
        small = tf.image.resize(clean, (height, width), "bicubic", antialias=True)
        return {"image": ops.round(ops.clip(small, 0.0, 1.0) * GREY_LEVELS) / GREY_LEVELS}

    def simple(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Bicubic upscaling."""
        small = inputs["image"]
        height, width = (size * self.scale for size in small.shape[1:3])
        return np.clip(tf.image.resize(small, (height, width), "bicubic"), 0, 1)


class Holes(Degradation):
    """Missing regions: boxes, scratches and free-form patches; `mask` is 1 where pixels are missing."""

    baseline = "the mean colour"
    measured: Mapping[str, float | None] = {"_24": 24.0, "_free": None}
    protocol = f"holes of 24 pixels in each square of {PERIOD}; or of free form (boxes, scratches and patches)"

    def degrade(self, clean: tf.Tensor, seed: Seed, strength: float | None = None) -> dict[str, tf.Tensor]:
        """See `Degradation.degrade`; missing pixels are 0. The strength is the side of regular holes, in pixels."""
        _, height, width, _ = clean.shape
        if strength is None:
            mask = free_form_holes(ops.shape(clean)[0], height, width, seed)
        else:
            mask = ops.ones_like(clean[..., :1]) * regular_holes(height, width, int(strength))
        return {"image": clean * (1.0 - mask), "mask": mask}

    def simple(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Fill with the mean colour of the known pixels."""
        mask = np.asarray(inputs["mask"])
        image = np.asarray(inputs["image"])
        mean = image.sum(axis=(1, 2), keepdims=True) / np.maximum((1 - mask).sum(axis=(1, 2), keepdims=True), 1)
        return image * (1 - mask) + mean * mask

    def counted(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray | None:
        """The missing pixels."""
        return np.asarray(inputs["mask"])[..., 0] > 0


class Blur(Degradation):
    """A Gaussian blur with a little noise, which prevents exact inversion."""

    measured: Mapping[str, float | None] = {"_1": 1.0, "_2": 2.0}
    noise = 1.0
    protocol = "a Gaussian blur of a standard deviation in pixels, and noise of one grey level"

    def degrade(self, clean: tf.Tensor, seed: Seed, strength: float | None = None) -> dict[str, tf.Tensor]:
        """See `Degradation.degrade`; the strength is the standard deviation of the blur in pixels."""
        choosing, drawing = streams(seed, 2)
        batch = ops.shape(clean)[0]
        low, high = self.recipe.blur_pixels
        drawn = keras.random.uniform((batch,), low, high, seed=choosing)
        blurred = blur_each(clean, drawn if strength is None else ops.full((batch,), strength), high)
        noise = keras.random.normal(ops.shape(clean), seed=drawing)
        return {"image": ops.clip(blurred + self.noise / GREY_LEVELS * noise, 0.0, 1.0)}


class Greying(Degradation):
    """Conversion from colour to grey (ITU-R BT.601)."""

    baseline = "the grey picture"
    protocol = "grey (ITU-R BT.601)"

    def degrade(self, clean: tf.Tensor, seed: Seed, strength: float | None = None) -> dict[str, tf.Tensor]:
        """See `Degradation.degrade`: `image` has one channel."""
        del seed, strength
        grey = ops.sum(clean * ops.reshape(ops.convert_to_tensor(LUMA), (1, 1, 1, 3)), axis=-1, keepdims=True)
        return {"image": grey}

    def simple(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Grey, as three equal channels."""
        return np.repeat(np.asarray(inputs["image"]), 3, axis=-1)


class SkippedRows(Degradation):
    """Rows are dropped and filled in by linear interpolation between the remaining ones."""

    baseline = "linear interpolation"

    @property
    def protocol(self) -> str:
        """See `Degradation.protocol`."""
        return f"one row in {self.recipe.every} is kept, and the others are interpolated linearly"

    def degrade(self, clean: tf.Tensor, seed: Seed, strength: float | None = None) -> dict[str, tf.Tensor]:
        """See `Degradation.degrade`; the last kept row is repeated beyond it."""
        del seed, strength
        height = clean.shape[1]
        rows = np.arange(height)
        kept = rows[:: self.recipe.every]
        weights = np.stack([np.interp(rows, kept, one) for one in np.eye(len(kept))], axis=1)
        return {"image": ops.einsum("ik,bkwc->biwc", weights.astype(np.float32), clean[:, :: self.recipe.every])}
