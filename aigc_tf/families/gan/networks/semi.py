"""The discriminator of article 002 §5.2 that also classifies."""

from __future__ import annotations

import keras
from keras import layers, ops

from aigc_tf.data.classes import ClassNames
from aigc_tf.families.gan.networks import dcgan
from aigc_tf.recipes.semi_gan import SemiGAN

CLASSES, FEATURES = "class_logits", "flatten"
"""The layer of the class logits, and the one of their features."""


def discriminator(recipe: SemiGAN, classes: ClassNames) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> logits `[batch, 1]`, positive for real ones.

    Generated images are an additional class with logit 0: the logit of being real is the log-sum-exp of the class
    logits (Salimans et al. 2016, §5, end).
    """
    unconditional = dcgan.discriminator(recipe)
    features = unconditional.get_layer(FEATURES).output
    scores = layers.Dense(len(classes.names), name=CLASSES)(features)
    return keras.Model(unconditional.input, ops.logsumexp(scores, axis=-1, keepdims=True), name="discriminator")
