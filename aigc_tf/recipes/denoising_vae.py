"""The denoising VAE of article 004 §3.4."""

from __future__ import annotations

from typing import ClassVar

from pydantic.dataclasses import dataclass

from aigc_tf.recipes.autoencoders import CorruptionSettings
from aigc_tf.recipes.conv_vae import ConvVAE
from aigc_tf.recipes.fields import STRICT


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DenoisingVAE(ConvVAE):
    """The convolutional VAE with corrupted inputs and clean targets: what article 004 means by denoising."""

    pipeline_tag: ClassVar[str | None] = "image-to-image"

    corruption: CorruptionSettings = CorruptionSettings(gaussian=50 / 255)
