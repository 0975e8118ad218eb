"""Losses as pure functions of logits; each names its paper and equation."""

from __future__ import annotations

import keras
from keras import ops


def non_saturating_generator_loss(fake_logits: keras.KerasTensor) -> keras.KerasTensor:
    """Mean of -log D(G(z)) (Goodfellow et al. 2014, end of §3), in nats.

    Args:
        fake_logits: `[batch, 1]`, the discriminator's logits of generated images.
    """
    return ops.mean(ops.softplus(-fake_logits))


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
    # softplus(l) - target * l is the cross-entropy of the target against sigmoid(l), exact at any logit.
    real_loss = ops.softplus(real_logits) - (1.0 - label_smoothing) * real_logits
    return ops.mean(real_loss) + ops.mean(ops.softplus(fake_logits))


def gaussian_kl(mean: keras.KerasTensor, log_variance: keras.KerasTensor) -> keras.KerasTensor:
    """KL divergence of N(mean, variance) from N(0, 1) in each dimension (Kingma & Welling 2014, appendix B), in nats.

    Args:
        mean: `[batch, latent_dim]`.
        log_variance: `[batch, latent_dim]`.

    Returns:
        `[batch, latent_dim]`; their sum over the dimensions is the divergence of the whole.
    """
    return 0.5 * (ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance)
