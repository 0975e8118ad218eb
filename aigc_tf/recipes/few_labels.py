"""Shared parts of the semi-supervised recipes: few labelled and many unlabelled pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Fraction
from aigc_tf.recipes.images import ExportLimits, ImageRecipe
from aigc_tf.recipes.labels import LabelSettings
from aigc_tf.recipes.options import LatentSampling


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ClassifyingLimits(ExportLimits):
    """How much quantizing may change generated pictures and the classification accuracy."""

    accuracy: Fraction = 0.02
    """By how much the accuracy on the validation part may fall."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained, measured with few images."""
        loose = ExportLimits.tiny()
        return cls(samples=loose.samples, dynamic=loose.dynamic, int8=loose.int8, accuracy=0.5)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FewLabelsRecipe(ImageRecipe):
    """A semi-supervised model that generates and classifies pictures, trained with few labels."""

    data: ClassVar[str] = "aigc_tf.data.images.few_labels:open_source"
    assets: ClassVar[Mapping[str, str]] = {"classes": "aigc_tf.data.classes:ClassNames"}
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.images.samples:Samples",
        "aigc_tf.metrics.images.classification:ClassifiedPictures",
    )
    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"
    chosen_on: ClassVar[Literal["validation", "train"]] = "validation"
    curves: ClassVar[str | None] = "aigc_tf.metrics.images.classification:accuracy_curves"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.classified_pictures:classified_quality"
    sample_options: ClassVar[type] = LatentSampling
    pipeline_tag: ClassVar[str | None] = "image-classification"

    labelled: LabelSettings = LabelSettings(per_class=50)
    export_limits: ClassifyingLimits = ClassifyingLimits()
