"""Multi-task learning: one encoder with a reconstruction head and a classification head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.autoencoder import Autoencoder
from aigc_tf.recipes.autoencoders import AutoencoderRecipe, ConvolutionSettings
from aigc_tf.recipes.few_labels import ClassifyingLimits
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.labels import LabelSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MultiTask(AutoencoderRecipe):
    """Multi-task autoencoder: one encoder feeds a decoder and a classifier (Caruana 1997); labels may be few.

    A weight of 0 excludes its head from training, which leaves a single-task network.
    """

    model: ClassVar[str] = "aigc_tf.families.autoencoder.multi_task:MultiTask"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.autoencoder.networks.conv_autoencoder:encoder",
        "decoder": "aigc_tf.families.autoencoder.networks.conv_autoencoder:decoder",
        "classifier": "aigc_tf.families.autoencoder.networks.multi_task:classifier",
    }
    data: ClassVar[str] = "aigc_tf.data.images.few_labels:open_source"
    assets: ClassVar[Mapping[str, str]] = {"classes": "aigc_tf.data.classes:ClassNames"}
    evaluators: ClassVar[tuple[str, ...]] = (
        *AutoencoderRecipe.evaluators,
        "aigc_tf.metrics.images.classification:ClassifiedPictures",
    )
    curves: ClassVar[str | None] = "aigc_tf.metrics.images.classification:accuracy_curves"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.classified_pictures:classified_quality"
    pipeline_tag: ClassVar[str | None] = "image-classification"

    steps: PositiveInt = 4000
    batch_size: PositiveInt = 64
    """Pictures to reconstruct per step, and as many labelled ones to classify."""

    latent_dim: PositiveInt = 32
    """Length of the latent vector, the input of both heads."""
    convolutions: ConvolutionSettings = ConvolutionSettings()
    class_units: tuple[PositiveInt, ...] = (64,)
    """Units of the dense layers between the latent vector and the class logits."""
    reconstruction_weight: NonNegativeFloat = 1.0
    """Weight of the reconstruction loss, -log p of a picture in nats; 0 trains the classifier alone."""
    class_weight: NonNegativeFloat = 50.0
    """Weight of the classification loss, -log p of a picture's class in nats; 0 trains the autoencoder alone."""
    labelled: LabelSettings = LabelSettings()
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3)
    average_images: PositiveInt | None = 20_000
    export_limits: ClassifyingLimits = ClassifyingLimits()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.reconstruction_weight and not self.class_weight:
            raise ValueError("reconstruction_weight and class_weight are 0: nothing is learnt, give one of them")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        like = Autoencoder.tiny()
        return cls(
            source=like.source,
            images=like.images,
            convolutions=like.convolutions,
            latent_dim=like.latent_dim,
            class_units=(8,),
            batch_size=like.batch_size,
            export_limits=ClassifyingLimits.tiny(),
        )
