"""Class-conditional rectified flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.flow import Flow
from aigc_tf.recipes.flows import FlowEditing, FlowEvaluation, FlowSampling, FlowSolving


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GuidedSolving(FlowSolving):
    """How the ODE of a class-conditional flow is solved."""

    guidance: NonNegativeFloat = 1.5
    """Classifier-free guidance scale (Ho & Salimans 2022, eq. 6): 1 is the plain conditional prediction, above it
    pictures are more typical of the class and less varied, 0 ignores the class; except at 1, evaluations double."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GuidedSampling(GuidedSolving, FlowSampling):
    """Sampling from a class-conditional flow."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GuidedEditing(GuidedSolving, FlowEditing):
    """Regenerating given pictures, as of a class."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GuidedEvaluation(GuidedSolving, FlowEvaluation):
    """Evaluation of a class-conditional flow."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ClassFlow(Flow):
    """Class-conditional rectified flow with classifier-free guidance (Ho & Salimans 2022); the source needs labels."""

    model: ClassVar[str] = "aigc_tf.families.flow.conditional:ClassFlow"
    networks: ClassVar[Mapping[str, str]] = {"predictor": "aigc_tf.families.flow.networks:class_predictor"}
    pipeline_tag: ClassVar[str | None] = None  # hubs have no tag for class-conditional images
    data: ClassVar[str] = "aigc_tf.data.images.labelled:open_source"
    assets: ClassVar[Mapping[str, str]] = {"classes": "aigc_tf.data.classes:ClassNames"}
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.images.samples:Samples",
        "aigc_tf.metrics.images.conditional:ClassAgreement",
    )
    sample_options: ClassVar[type] = GuidedSampling
    transform_options: ClassVar[type] = GuidedEditing
    evaluate_options: ClassVar[type] = GuidedEvaluation
    export_options: ClassVar[type] = GuidedSolving

    steps: PositiveInt = 10_000
    drop_labels: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of the training images whose class is dropped, so that the unconditional prediction is learnt, too."""
