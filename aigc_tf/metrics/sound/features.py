"""The feature network for sounds: a classifier of the recordings with convolutions along time only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
from keras import layers

from aigc_tf.metrics.features import register
from aigc_tf.metrics.images import small_network, trained
from aigc_tf.metrics.images.features import MODALITY, FeatureNetwork, feature_network
from aigc_tf.metrics.images.trained import Shape, Trained, class_count

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource
    from aigc_tf.data.sound.source import SoundSource

KIND = "words"
FILTERS = (64, 96, 128)
KERNEL = 5  # frames
FEATURES = 64
DROPOUT = 0.3


def of_source(source: SoundSource) -> FeatureNetwork:
    """The feature network for a source of sound; without classes, a classifier of rotations."""
    return feature_network(source.pictures, source.settings.images, options_of(source).get("features", "auto"))


def options_of(source: SoundSource) -> dict[str, str]:
    """The options of the image evaluators that select it."""
    return {"features": KIND} if class_count(source.pictures) > 1 else {}


def build(shape: Shape, classes: int, seed: int = small_network.SEED) -> keras.Model:
    """Spectrograms `[n, bands, frames, 1]` in [-1, 1] -> features `[n, 64]` >= 0, logits `[n, classes]`.

    Bands are channels of convolutions of stride 2 along time (Choi et al. 2019, "Temporal Convolution for Real-time
    Keyword Spotting", §2.1); thirds of the time are averaged. All randomness comes from seeds given here, see
    `small_network`.
    """
    images = keras.Input(shape, dtype="float32", name="images")
    x = layers.Permute((2, 1), name="time_first")(layers.Reshape(shape[:2], name="bands")(images))
    for index, filters in enumerate(FILTERS, start=1):
        start = keras.initializers.GlorotUniform(seed + index)
        name = f"convolution_{index}"
        x = layers.Conv1D(
            filters, KERNEL, 2, padding="same", use_bias=False, kernel_initializer=start, name=name, dtype="float32"
        )(x)
        x = layers.BatchNormalization(name=f"normalisation_{index}", dtype="float32")(x)
        x = layers.ReLU(name=f"activation_{index}", dtype="float32")(x)
    x = layers.AveragePooling1D(-(-x.shape[1] // 3), padding="same", name="average", dtype="float32")(x)
    x = layers.Dropout(DROPOUT, seed=seed, name="dropout", dtype="float32")(layers.Flatten(name="flatten")(x))
    x = layers.Dense(FEATURES, kernel_initializer=keras.initializers.GlorotUniform(seed + 101), name="dense")(x)
    x = layers.BatchNormalization(name="normalisation_dense", dtype="float32")(x)
    features = layers.ReLU(name="features", dtype="float32")(x)
    last = keras.initializers.GlorotUniform(seed + 102)
    logits = layers.Dense(classes, kernel_initializer=last, name="logits", dtype="float32")(features)
    return keras.Model(images, {"features": features, "logits": logits}, name="small_feature_network")


def train(source: ImageSource, shape: Shape, seed: int = small_network.SEED) -> Trained:
    """Train on all training spectrograms; deterministic on one machine."""
    part = source.training
    assert part.labels is not None  # `of_source` requests it only with classes
    network = build(shape, int(part.labels.max()) + 1, seed)
    batches = small_network.labelled_batches(part.images, part.labels, seed)
    known = (part.images[:], part.labels)
    return trained.train_network("classifier of words", source, network, batches, known, seed)


@register(MODALITY, KIND)
def _words(source: ImageSource, shape: Shape) -> FeatureNetwork:
    labels = source.training.labels
    assert labels is not None
    network = build(shape, int(labels.max()) + 1)
    return FeatureNetwork(
        f"small classifier of {source.name}, convolutions along time",
        shape,
        trained.kept_network("words", source, network, lambda: train(source, shape)),
        small_network.to_unit,
        resize="none",
        note="a classifier of the recordings themselves: compare only figures of the same weights",
    )
