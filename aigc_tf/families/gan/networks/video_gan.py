"""Generator and discriminator of clips, smaller than those of Tulyakov et al. 2018 (MoCoGAN, §3)."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from aigc_tf.families.gan.networks.dcgan64 import drawn
from aigc_tf.nn.discriminator import logits, strided_features
from aigc_tf.nn.layers import Channels
from aigc_tf.recipes.video_gan import VideoGAN


@keras.saving.register_keras_serializable(package="aigc_tf")
class Frames(layers.Layer):
    """Flatten clips `[batch, frames, ...]` to frames `[batch * frames, ...]`."""

    def call(self, x: Any) -> Any:
        return ops.reshape(x, (-1, *x.shape[2:]))

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor((None, *x.shape[2:]), x.dtype)


@keras.saving.register_keras_serializable(package="aigc_tf")
class Together(layers.Layer):
    """The inverse of `Frames`: `[batch * frames, ...]` -> `[batch, frames, ...]`."""

    def __init__(self, frames: int, **options: Any) -> None:
        super().__init__(**options)
        self.frames = frames

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "frames": self.frames}

    def call(self, x: Any) -> Any:
        return ops.reshape(x, (-1, self.frames, *x.shape[1:]))

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor((None, self.frames, *x.shape[1:]), x.dtype)


def clip_shape(recipe: VideoGAN) -> tuple[int, int, int, int]:
    """Frames, height, width, channels."""
    side = recipe.video.crop
    return recipe.frames, side, side, recipe.video.channels


def generator(recipe: VideoGAN) -> keras.Model:
    """Latent `[batch, content + frames * motion]` -> clips `[batch, frames, height, width, channels]` in [-1, 1].

    Each frame is generated from the content and from a motion state, the output of a GRU over the motion codes so far.
    """
    latent = keras.Input((recipe.latent_dim,), name="latent")
    content = Channels(0, recipe.content, name="content")(latent)
    noise = Channels(recipe.content, recipe.latent_dim, name="motion_noise")(latent)
    noise = layers.Reshape((recipe.frames, recipe.motion), name="noise_of_frames")(noise)
    motion = layers.GRU(recipe.units, return_sequences=True, unroll=True, name="motion")(noise)
    content = layers.RepeatVector(recipe.frames, name="content_of_frames")(content)
    told = Frames(name="frames")(layers.Concatenate(name="told")([content, motion]))
    frames = drawn(told, clip_shape(recipe)[1:], recipe)
    return keras.Model(latent, Together(recipe.frames, name="clip")(frames), name="generator")


def discriminator(recipe: VideoGAN) -> keras.Model:
    """Clips `[batch, frames, height, width, channels]` in [-1, 1] -> logits `[batch, 1]`, positive for real ones.

    The sum of the mean logit of single frames and the logit of all frames' concatenated features.
    """
    clip = keras.Input(clip_shape(recipe), name="image")
    *first, last = recipe.discriminator_filters
    options: dict[str, Any] = {"kernel_size": recipe.kernel_size, "slope": recipe.slope}
    features = strided_features(Frames(name="frames")(clip), first, **options)
    of_frames = strided_features(features, [last], **options, first=len(first) + 1)
    frame_answers = layers.Dense(1, name="frame_logits")(layers.Flatten(name="flat_frames")(of_frames))
    frame_answer = layers.GlobalAveragePooling1D(name="frame_logit")(
        Together(recipe.frames, name="answers")(frame_answers)
    )
    few = layers.Conv2D(recipe.change_filters, 1, name="few")(features)
    side_by_side = layers.Permute((2, 3, 1, 4), name="time_last")(Together(recipe.frames, name="features")(few))
    side_by_side = layers.Reshape((*side_by_side.shape[1:3], -1), name="side_by_side")(side_by_side)
    changes = strided_features(side_by_side, [last], **options, first=len(first) + 2)
    answer = layers.Add(name="answer")([frame_answer, logits(changes)])
    return keras.Model(clip, answer, name="discriminator")
