"""The class-conditional GAN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.fields import STRICT


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CGAN(DCGAN):
    """Class-conditional GAN (Mirza & Osindero 2014) with the layers of article 002 §5.2; the source needs labels."""

    model: ClassVar[str] = "aigc_tf.families.gan.conditional:ConditionalGAN"
    pipeline_tag: ClassVar[str | None] = None  # hubs have no tag for class-conditional images
    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.gan.networks.conditional_dcgan:generator",
        "discriminator": "aigc_tf.families.gan.networks.conditional_dcgan:discriminator",
    }
    data: ClassVar[str] = "aigc_tf.data.images.labelled:open_source"
    assets: ClassVar[Mapping[str, str]] = {"classes": "aigc_tf.data.classes:ClassNames"}
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.images.samples:Samples",
        "aigc_tf.metrics.images.conditional:ClassAgreement",
    )

    label_dim: PositiveInt = 32
    """Length of the class embedding that accompanies the latent."""
