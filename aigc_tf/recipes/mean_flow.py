"""The mean flow, which generates in one step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Fraction
from aigc_tf.recipes.flow import Flow
from aigc_tf.recipes.flows import MAX_EVALUATIONS, FlowRecipe
from aigc_tf.recipes.options import ImageEvaluation, LatentSampling, NoOptions, Options


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MeanSolving(Options):
    """How many steps a mean flow takes."""

    evaluations: Annotated[int, Field(ge=1, le=MAX_EVALUATIONS)] = 1
    """Number of network evaluations per sample."""

    sampler: ClassVar[Literal["euler"]] = "euler"
    time_shift: ClassVar[float] = 1.0


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MeanSampling(MeanSolving, LatentSampling):
    """Sampling from a mean flow."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MeanEvaluation(MeanSolving, ImageEvaluation):
    """Evaluation of a mean flow."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MeanFlow(Flow):
    """Mean flow (MeanFlow, Geng et al. 2025): turns noise into a picture in one evaluation of a U-Net."""

    model: ClassVar[str] = "aigc_tf.families.flow.mean:MeanFlow"
    networks: ClassVar[Mapping[str, str]] = {"predictor": "aigc_tf.families.flow.networks:mean_predictor"}
    sample_options: ClassVar[type] = MeanSampling
    evaluators: ClassVar[tuple[str, ...]] = FlowRecipe.evaluators
    transform_options: ClassVar[type] = NoOptions
    evaluate_options: ClassVar[type] = MeanEvaluation
    export_options: ClassVar[type] = MeanSolving

    steps: PositiveInt = 6000
    other_times: Fraction = 0.25
    """Share of the images trained on the mean velocity up to a later time; the others on the instantaneous velocity."""
