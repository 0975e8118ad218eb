"""One encoder with two heads: one gives pictures back, the other tells their classes."""

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
    """The encoder of the Autoencoder learns for a decoder and a classifier at once (Caruana 1997); labels may be few.

    A weight of 0 leaves its head out of training: what remains is the network of one task.
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
    """Pictures that are given back, and as many with a label that are classified."""

    latent_dim: PositiveInt = 32
    """Length of the latent vector, which both heads read."""
    convolutions: ConvolutionSettings = ConvolutionSettings()
    class_units: tuple[PositiveInt, ...] = (64,)
    """Of the dense layers between the latent vector and the classes."""
    reconstruction_weight: NonNegativeFloat = 1.0
    """Of -log p of a picture, in nats; 0 trains the classifier alone."""
    class_weight: NonNegativeFloat = 50.0
    """Of -log p of a picture's class, in nats; 0 trains the autoencoder alone."""
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
