"""Video networks for frames of any height and width."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from aigc_tf.nn.blocks import DepthToSpace
from aigc_tf.nn.layers import Channels
from aigc_tf.nn.unet import half_size_unet
from aigc_tf.recipes.complete_video import CompleteVideo
from aigc_tf.recipes.predict_video import PredictVideo


def next_frame(recipe: PredictVideo) -> keras.Model:
    """A frame `[batch, height, width, channels]` and states -> the next frame and new states.

    The next frame is the current one plus a residual, which starts as 0.
    """
    frame = keras.Input((None, None, recipe.video.channels), name="frame")
    make = {"unet": _unet_step, "convlstm": _convlstm_step}[recipe.network]
    states, difference, new_states = make(recipe, frame)
    next_ = layers.Add(name="next")([frame, difference])
    return keras.Model([frame, *states], [next_, *new_states], name="next_frame")


def _unet_step(recipe: PredictVideo, frame: Any) -> tuple[list[Any], Any, list[Any]]:
    """A U-Net whose states are the previous frames, stacked as channels."""
    channels = recipe.video.channels
    before = keras.Input((None, None, (recipe.past - 1) * channels), name="past")
    seen = layers.Concatenate(name="seen")([before, frame])
    difference = half_size_unet(seen, recipe.unet_filters, recipe.lowest_blocks, channels)
    kept = Channels(channels, recipe.past * channels, name="new_past")(seen)
    return [before], difference, [kept]


def _convlstm_step(recipe: PredictVideo, frame: Any) -> tuple[list[Any], Any, list[Any]]:
    """ConvLSTM layers at half the size (Shi et al. 2015, eq. 3, without peepholes)."""
    filters, states, new_states = recipe.filters, [], []
    x = layers.Conv2D(filters, 4, strides=2, padding="same", activation="relu", name="halve")(frame)
    seen = [x]
    for index in range(recipe.layers):
        hidden, cell = (keras.Input((None, None, filters), name=f"{name}_{index}") for name in ("hidden", "cell"))
        both = layers.Concatenate(name=f"both_{index}")([x, hidden])
        gates = layers.Conv2D(4 * filters, 3, padding="same", name=f"gates_{index}")(both)
        enter, leave, keep, new = (
            Channels(place * filters, (place + 1) * filters, name=f"{name}_{index}")(gates)
            for place, name in enumerate(("input", "output", "forget", "candidate"))
        )
        keep = layers.Activation("sigmoid", name=f"forget_gate_{index}")(layers.Rescaling(1.0, 1.0)(keep))
        enter = layers.Activation("sigmoid", name=f"input_gate_{index}")(enter)
        leave = layers.Activation("sigmoid", name=f"output_gate_{index}")(leave)
        new = layers.Activation("tanh", name=f"new_{index}")(new)
        cells = layers.Add(name=f"new_cell_{index}")(
            [
                layers.Multiply(name=f"kept_{index}")([keep, cell]),
                layers.Multiply(name=f"entered_{index}")([enter, new]),
            ]
        )
        x = layers.Multiply(name=f"new_hidden_{index}")(
            [leave, layers.Activation("tanh", name=f"squashed_{index}")(cells)]
        )
        seen.append(x)
        states += [hidden, cell]
        new_states += [x, cells]
    x = layers.Concatenate(name="all_layers")(seen)
    x = layers.Conv2D(filters, 3, padding="same", activation="relu", name="before_last")(x)
    last = layers.Conv2D(4 * recipe.video.channels, 3, padding="same", kernel_initializer="zeros", name="last")(x)
    return states, DepthToSpace(2, name="full_size")(last), new_states


def gap_frames(recipe: CompleteVideo) -> keras.Model:
    """Known frames, those before and then those after a gap as channels, and blends for the gap -> its frames.

    `[batch, height, width, 2 * known * channels]` -> `[batch, height, width, gap * channels]`.
    """
    channels = recipe.video.channels
    known = keras.Input((None, None, 2 * recipe.known * channels), name="known")
    before = Channels((recipe.known - 1) * channels, recipe.known * channels, name="before")(known)
    after = Channels(recipe.known * channels, (recipe.known + 1) * channels, name="after")(known)
    blends = []
    for place in range(1, recipe.gap + 1):
        share = place / (recipe.gap + 1)
        parts = [
            layers.Rescaling(1 - share, name=f"before_{place}")(before),
            layers.Rescaling(share, name=f"after_{place}")(after),
        ]
        blends.append(layers.Add(name=f"blend_{place}")(parts))
    blended = layers.Concatenate(name="blends")(blends) if len(blends) > 1 else blends[0]
    difference = half_size_unet(known, recipe.unet_filters, recipe.lowest_blocks, recipe.gap * channels)
    return keras.Model(known, layers.Add(name="between")([blended, difference]), name="gap_frames")
