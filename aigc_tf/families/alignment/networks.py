"""Encoders of frames and captions into a common embedding space."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from aigc_tf.nn.blocks import residual_block
from aigc_tf.recipes.align import Align

_FIRST_SCALE = 10.0  # of captions' embeddings: logits of unit-length embeddings are too close to each other


@keras.saving.register_keras_serializable(package="aigc_tf")
class KnownMean(layers.Layer):
    """Masked mean of vectors `[batch, length, numbers]` over the non-zero entries of `[batch, length]`."""

    def call(self, vectors: Any, grams: Any) -> Any:
        known = ops.cast(ops.expand_dims(grams, -1) > 0, vectors.dtype)
        return ops.sum(vectors * known, axis=1) / ops.maximum(ops.sum(known, axis=1), 1.0)

    def compute_output_spec(self, vectors: Any, grams: Any) -> Any:
        return keras.KerasTensor((vectors.shape[0], vectors.shape[2]), vectors.dtype)


@keras.saving.register_keras_serializable(package="aigc_tf")
class Scaled(layers.Layer):
    """Multiplication by a learnt scalar, the inverse temperature (Radford et al. 2021, §2.5)."""

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight(name="scale", shape=(), initializer=keras.initializers.Constant(_FIRST_SCALE))

    def call(self, x: Any) -> Any:
        return self.scale * x


def look(recipe: Align) -> keras.Model:
    """Image encoder: frames `[batch, side, side, channels]` in [0, 1] -> unit-length embeddings `[batch, numbers]`."""
    side = recipe.video.crop
    x = frame = keras.Input((side, side, recipe.video.channels), name="frame")
    for index, filters in enumerate(recipe.filters):
        x = layers.Conv2D(filters, 4, strides=2, padding="same", activation="relu", name=f"halve_{index}")(x)
        if index:  # the largest maps take the most time and are the least informative
            x = residual_block(x, filters, name=f"block_{index}", activate_sum=True)
    means, most = layers.GlobalAveragePooling2D(name="means")(x), layers.GlobalMaxPooling2D(name="most")(x)
    x = layers.Dropout(recipe.dropout, name="dropout")(layers.Concatenate(name="seen")([means, most]))
    vector = layers.UnitNormalization(name="unit")(layers.Dense(recipe.numbers, name="numbers")(x))
    return keras.Model(frame, vector, name="look")


def read(recipe: Align) -> keras.Model:
    """Text encoder: ids from `grams_of`, int32 `[batch, grams]` -> embeddings `[batch, numbers]` of equal norm."""
    grams = keras.Input((recipe.grams,), dtype="int32", name="grams")
    vectors = layers.Embedding(recipe.buckets + 1, recipe.numbers, name="embedding")(grams)
    x = layers.Dropout(recipe.dropout, name="dropout")(KnownMean(name="mean")(vectors, grams))
    hidden = layers.Dense(2 * recipe.numbers, activation="relu", name="hidden")(x)
    x = layers.Add(name="sum")([x, layers.Dense(recipe.numbers, name="numbers")(hidden)])
    return keras.Model(grams, Scaled(name="scaled")(layers.UnitNormalization(name="unit")(x)), name="read")
