"""Generator and discriminator of SpecGAN (Donahue, McAuley & Puckette 2019, §3.2), conditioned on the class."""

from __future__ import annotations

import keras

from aigc_tf.data.classes import ClassNames
from aigc_tf.families.gan.networks import dcgan64
from aigc_tf.families.gan.networks.conditional_dcgan import told_discriminator, told_generator
from aigc_tf.recipes.sound_gan import SoundGAN


def generator(recipe: SoundGAN, classes: ClassNames) -> keras.Model:
    """Latent `[batch, latent_dim]` and label int32 `[batch]` -> spectrograms in [-1, 1]; see `told_generator`."""
    return told_generator(recipe, classes, dcgan64.generator)


def discriminator(recipe: SoundGAN, classes: ClassNames) -> keras.Model:
    """Spectrograms in [-1, 1] and label int32 `[batch]` -> logits `[batch, 1]`; see `told_discriminator`."""
    return told_discriminator(recipe, classes, dcgan64.discriminator)
