"""Distillation of generators: the student learns the teacher's pictures for the same latents."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.gan.model import GAN, with_condition
from aigc_tf.families.tasks import TrainStep

FEATURES = "flatten"
"""The discriminator's layer before its output."""


def taught(student: GAN, teacher: GAN) -> TrainStep:
    """A training step for the student's generator only; its discriminator is copied from the teacher.

    The loss is the mean absolute difference of pixels, plus that of the teacher discriminator's last features relative
    to their mean magnitude (as in Johnson et al. 2016, eq. 2, but with features trained on such pictures).
    """
    student.discriminator.set_weights(teacher.discriminator.get_weights())
    judge = teacher.discriminator
    names = {layer.name for layer in judge.layers}
    seen = keras.Model(judge.inputs, judge.get_layer(FEATURES).output) if FEATURES in names else None

    def train_step(batch: Batch) -> dict[str, tf.Tensor]:
        real, *condition = student.parts_of(batch)
        count = ops.shape(real)[0]
        latent = keras.random.normal((count, student.latent_dim), seed=student.latent_seed)
        given = with_condition(latent, condition)
        wanted = teacher.sampler(given, training=False)
        weights = student.generator.trainable_variables
        with tf.GradientTape() as tape:
            made = student.generator(given, training=True)
            loss = pixels = ops.mean(ops.abs(made - wanted))
            if seen is not None:
                of_wanted = seen(with_condition(wanted, condition), training=False)
                of_made = seen(with_condition(made, condition), training=False)
                loss = pixels + ops.mean(ops.abs(of_made - of_wanted)) / (ops.mean(ops.abs(of_wanted)) + 1e-6)
        norm = student.generator_optimizer.apply(tape.gradient(loss, weights), weights)
        student.update_sampler(count)
        return {"generator_loss": loss, "pixel_loss": pixels, "generator_gradient_norm": norm}

    return train_step
