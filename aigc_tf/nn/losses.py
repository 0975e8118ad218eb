"""Losses as pure functions; each names its paper and equation."""

from __future__ import annotations

import keras
from keras import ops

from aigc_tf.nn import replicas


def next_symbol_nats(logits: keras.KerasTensor, targets: keras.KerasTensor) -> keras.KerasTensor:
    """-log softmax(logits)[target] (the cross-entropy of 002 §3.3's factorised likelihood), in nats.

    Args:
        logits: `[..., symbols]`.
        targets: int32 `[...]`.

    Returns:
        `[...]`.
    """
    return ops.sparse_categorical_crossentropy(targets, logits, from_logits=True)


def gaussian_kl(mean: keras.KerasTensor, log_variance: keras.KerasTensor) -> keras.KerasTensor:
    """KL divergence of N(mean, variance) from N(0, 1) in each dimension (Kingma & Welling 2014, appendix B), in nats.

    Args:
        mean: `[batch, latent_dim]`.
        log_variance: `[batch, latent_dim]`.

    Returns:
        `[batch, latent_dim]`; their sum over the dimensions is the divergence of the whole.
    """
    return 0.5 * (ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance)


def kl_cost(
    divergence: keras.KerasTensor, steps: keras.KerasTensor, beta: float, annealing_steps: int, free_bits: float
) -> keras.KerasTensor:
    """What training pays for a KL divergence, in nats an example.

    Args:
        divergence: `[batch, latent_dim]`, in nats.
        steps: made so far.
        beta: the weight (Higgins et al. 2017).
        annealing_steps: over which the weight grows from 0 (Bowman et al. 2016, §3.1).
        free_bits: nats of each dimension, averaged over the batch, that cost nothing (Kingma et al. 2016, eq. 15).
    """
    by_dimension = ops.mean(divergence, axis=0)
    if free_bits:
        by_dimension = ops.maximum(replicas.mean(by_dimension), free_bits)
    return kl_weight(steps, beta, annealing_steps) * ops.sum(by_dimension)


def kl_weight(steps: keras.KerasTensor, beta: float, annealing_steps: int) -> keras.KerasTensor | float:
    """Beta, after it has grown from 0 over some steps (Bowman et al. 2016, §3.1).

    Args:
        steps: made so far.
        beta: the weight (Higgins et al. 2017).
        annealing_steps: over which it grows; 0 for none.
    """
    return beta * ops.minimum(ops.cast(steps, "float32") / annealing_steps, 1.0) if annealing_steps else beta
