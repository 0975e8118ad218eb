"""Optimizers from their settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.nn import replicas
from aigc_tf.nn.keras_internals import adam_moments
from aigc_tf.recipes.settings import AdamSettings, ScheduleSettings


class FusedAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` (Kingma & Ba 2015, algorithm 1) with one fused TensorFlow operation per variable.

    Keras implements the update as ten operations that each pass over memory; for networks of millions of weights and
    small batches that is a tenth of the training step. The result is the same up to float32 rounding.

    With several replicas, the gradient of the whole batch is clipped, and each replica makes the same update.
    """

    share_of_rate: Callable[[Any], Any] | None = None
    """The schedule: updates made -> factor on the learning rate, which stays a variable that can be set and saved."""

    def _get_current_learning_rate(self) -> Any:
        """The scheduled learning rate; Keras calls this before each update."""
        rate = super()._get_current_learning_rate()
        return rate if self.share_of_rate is None else rate * self.share_of_rate(self.iterations)

    def apply(self, grads: Sequence[tf.Tensor], trainable_variables: Any = None) -> tf.Tensor:
        """Apply the mean of the replicas' gradients; returns its global norm, `[]`."""
        means = iter(replicas.mean([gradient for gradient in grads if gradient is not None]))
        whole = [None if gradient is None else next(means) for gradient in grads]  # Keras skips those, with a warning
        super().apply(whole, trainable_variables)
        return tf.linalg.global_norm(whole)

    def _backend_update_step(self, grads: Any, trainable_variables: Any, learning_rate: Any) -> None:
        """Called by Keras after clipping; its own version would sum the gradients of the replicas here."""
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            self.update_step(gradient, variable, learning_rate)

    def update_step(self, gradient: tf.Tensor, variable: Any, learning_rate: tf.Tensor) -> None:
        """Update one variable and its two moments from its gradient."""
        step = ops.cast(self.iterations + 1, "float32")
        mean, mean_of_squares = adam_moments(self, variable)
        tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(mean),
            v=_handle(mean_of_squares),
            beta1_power=ops.power(self.beta_1, step),
            beta2_power=ops.power(self.beta_2, step),
            lr=learning_rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


def _handle(variable: Any) -> tf.Tensor:
    """The resource handle of a Keras variable, or of the TensorFlow variable that Keras passes for it."""
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle


def adam(
    settings: AdamSettings,
    weights: Sequence[keras.Variable],
    schedule: Callable[[Any], Any] | None = None,
    weight_decay: float = 0.0,
) -> FusedAdam:
    """Adam for `weights`, with its slot variables created, so that they can be restored.

    Args:
        settings: of the optimizer.
        weights: the variables it updates.
        schedule: updates made -> factor on the settings' learning rate; None keeps it constant.
        weight_decay: decoupled, of matrices only, scaled by the learning rate (Loshchilov & Hutter 2019).
    """
    optimizer = FusedAdam(
        settings.learning_rate,
        beta_1=settings.beta_1,
        beta_2=settings.beta_2,
        weight_decay=weight_decay or None,
        global_clipnorm=settings.clip_norm,
    )
    if weight_decay:
        optimizer.exclude_from_weight_decay(var_list=[weight for weight in weights if len(weight.shape) < 2])
    optimizer.share_of_rate = schedule
    optimizer.build(weights)
    return optimizer


def schedule(settings: ScheduleSettings, updates: int) -> Callable[[Any], Any] | None:
    """A learning-rate schedule of linear warm-up and cosine decay (Loshchilov & Hutter 2017).

    Args:
        settings: of warm-up and decay.
        updates: of the optimizer in total; the decay ends with them.

    Returns:
        Updates made -> factor in [0, 1], or None if that is always 1.
    """
    warmup = min(settings.warmup_steps, updates - 1)
    if not (warmup or settings.falls):
        return None
    return keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else 1.0,
        max(1, updates - warmup),
        alpha=settings.final_share,
        warmup_target=1.0 if warmup else None,
        warmup_steps=warmup,
    )


def scheduled_adam(recipe: Any, weights: Sequence[keras.Variable]) -> FusedAdam:
    """Adam for `weights` by a recipe's `optimizer`, `schedule`, `steps` and `weight_decay`."""
    return adam(recipe.optimizer, weights, schedule(recipe.schedule, recipe.steps), recipe.weight_decay)
