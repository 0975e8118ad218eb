"""Distillation of restoration networks: the student learns from the truth and from the teacher's output."""

from __future__ import annotations

import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.latent import update_average
from aigc_tf.families.photo_model import unit
from aigc_tf.families.restoration.model import Restorer, decibels
from aigc_tf.families.tasks import TrainStep
from aigc_tf.nn.losses import charbonnier


def taught(student: Restorer, teacher: Restorer) -> TrainStep:
    """A training step whose loss is the mean of the errors against the truth and against the teacher's output."""

    def train_step(batch: Batch) -> dict[str, tf.Tensor]:
        clean, weights = unit(batch["image"]), student.network.trainable_variables
        inputs = student.degradation.degrade(clean, student.degradation_seed)
        wanted = teacher.called(teacher.used, inputs, training=False)
        with tf.GradientTape() as tape:
            restored = student.called(student.network, inputs, training=True)
            loss = 0.5 * (charbonnier(restored, clean) + charbonnier(restored, wanted))
        norm = student.adam.apply(tape.gradient(loss, weights), weights)
        steps, horizon = student.adam.iterations, student.recipe.average_images
        update_average(student.used, student.network, ops.shape(clean)[0], steps, horizon)
        return {"loss": loss, "gradient_norm": norm, "psnr_db": decibels(restored, clean)}

    return train_step
