"""Distillation of language models: the student learns from the text and from the teacher's distribution."""

from __future__ import annotations

import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.data.text.vocabulary import BOUNDARY
from aigc_tf.families.tasks import TrainStep
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.families.text.model import nats_of_targets
from aigc_tf.nn import replicas

TEMPERATURE = 2.0  # of both distributions in the distillation loss


def taught(student: LanguageModel, teacher: LanguageModel) -> TrainStep:
    """A training step on the mean of the text's cross-entropy and that with the teacher's softened distribution.

    The latter is multiplied by the square of the temperature, so that gradients keep their scale (Hinton et al. 2015,
    §2).
    """

    def train_step(batch: Batch) -> dict[str, tf.Tensor]:
        inputs, targets = ops.maximum(batch["tokens"][:, :-1], BOUNDARY), batch["tokens"][:, 1:]
        wanted = ops.softmax(teacher.sequence(inputs, training=False) / TEMPERATURE, axis=-1)
        with tf.GradientTape() as tape:
            logits = student.sequence(inputs, training=True)
            nats, counted = nats_of_targets(logits, targets)
            softened = -ops.sum(wanted * ops.log_softmax(logits / TEMPERATURE, axis=-1), axis=-1)
            count = replicas.mean(ops.sum(counted))
            text, teaching = ops.sum(nats) / count, TEMPERATURE**2 * ops.sum(softened * counted) / count
            loss = 0.5 * (text + teaching)
        return {"loss": loss, "text_loss": text} | student.learn(tape, loss)

    return train_step
