"""Losses as pure functions; each names its paper and equation."""

from __future__ import annotations

import keras
from keras import ops


def next_symbol_nats(logits: keras.KerasTensor, targets: keras.KerasTensor) -> keras.KerasTensor:
    """Cross-entropy of the next symbol, -log softmax(logits)[target], in nats.

    Args:
        logits: `[..., symbols]`.
        targets: int32 `[...]`.

    Returns:
        `[...]`.
    """
    return ops.sparse_categorical_crossentropy(targets, logits, from_logits=True)


def discriminator_loss(
    real_logits: keras.KerasTensor, fake_logits: keras.KerasTensor, label_smoothing: float = 0.0
) -> keras.KerasTensor:
    """Mean of -log D(x) - log(1 - D(G(z))) (Goodfellow et al. 2014, eq. 1), in nats.

    Args:
        real_logits: `[batch, 1]`, logits of real images.
        fake_logits: `[batch, 1]`, logits of generated images.
        label_smoothing: the target of real images is 1 minus this, that of generated ones stays 0
            (one-sided, Salimans et al. 2016, §3.4).
    """
    # softplus(l) - target * l is the cross-entropy of the target against sigmoid(l), numerically stable at any logit.
    real_loss = ops.softplus(real_logits) - (1.0 - label_smoothing) * real_logits
    return ops.mean(real_loss) + ops.mean(ops.softplus(fake_logits))


def non_saturating_generator_loss(fake_logits: keras.KerasTensor) -> keras.KerasTensor:
    """Mean of -log D(G(z)) (Goodfellow et al. 2014, end of §3), in nats.

    Args:
        fake_logits: `[batch, 1]`, the discriminator's logits of generated images.
    """
    return ops.mean(ops.softplus(-fake_logits))


def least_squares_generator_loss(fake_scores: keras.KerasTensor) -> keras.KerasTensor:
    """Mean of ½ (D(G(z)) - 1)² (Mao et al. 2017, eq. 9)."""
    return 0.5 * ops.mean(ops.square(fake_scores - 1.0))


def least_squares_discriminator_loss(
    real_scores: keras.KerasTensor, fake_scores: keras.KerasTensor, label_smoothing: float = 0.0
) -> keras.KerasTensor:
    """Mean of ½ (D(x) - 1)² + ½ D(G(z))² (Mao et al. 2017, eq. 9).

    Args:
        real_scores: `[batch, 1]`, of real images.
        fake_scores: `[batch, 1]`, of generated images.
        label_smoothing: the target of real images is 1 minus this.
    """
    target = 1.0 - label_smoothing
    return 0.5 * ops.mean(ops.square(real_scores - target)) + 0.5 * ops.mean(ops.square(fake_scores))


def charbonnier(images: keras.KerasTensor, references: keras.KerasTensor, epsilon: float = 1e-3) -> keras.KerasTensor:
    """Charbonnier loss, mean of sqrt((x - y)² + ε²): an L1 smooth at 0 (Charbonnier et al. 1994; Lai et al. 2017).

    Args:
        images: `[batch, ...]`, brightness in [0, 1].
        references: of the same shape.
        epsilon: errors below this are penalised quadratically.
    """
    return ops.mean(ops.sqrt(ops.square(images - references) + epsilon**2))


def contrastive_nats(
    first: keras.KerasTensor, second: keras.KerasTensor, scale: keras.KerasTensor
) -> keras.KerasTensor:
    """CLIP's symmetric contrastive loss: cross-entropy of the right partner in a batch (Radford et al. 2021, figure 3).

    Args:
        first: `[batch, size]`, unit-length embeddings.
        second: `[batch, size]`, those of their partners.
        scale: `[]`, factor on the cosines, the inverse of the temperature.

    Returns:
        `[]`, in nats.
    """
    logits = scale * ops.matmul(first, ops.transpose(second))
    partners = ops.arange(ops.shape(first)[0], dtype="int32")
    both = [ops.mean(next_symbol_nats(each, partners)) for each in (logits, ops.transpose(logits))]
    return 0.5 * (both[0] + both[1])


def two_view_nats(first: keras.KerasTensor, second: keras.KerasTensor, temperature: float) -> keras.KerasTensor:
    """NT-Xent: cross-entropy of the other view of an image among all other views (Chen et al. 2020, eq. 1).

    Args:
        first: `[batch, size]`, unit-length embeddings of one view of each image.
        second: the same of the other view.
        temperature: divisor of the cosines.

    Returns:
        `[]`, in nats.
    """
    views, count = ops.concatenate([first, second]), ops.shape(first)[0]
    cosines = ops.matmul(views, ops.transpose(views)) / temperature
    logits = cosines - 1e9 * ops.eye(2 * count)  # no view is its own candidate
    partners = ops.concatenate([ops.arange(count, 2 * count, dtype="int32"), ops.arange(count, dtype="int32")])
    return ops.mean(next_symbol_nats(logits, partners))
