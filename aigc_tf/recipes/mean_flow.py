"""The flow that draws in one step."""

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
    """How many steps a mean flow goes."""

    evaluations: Annotated[int, Field(ge=1, le=MAX_EVALUATIONS)] = 1
    """How often the network is asked on the way from noise to a picture."""

    sampler: ClassVar[Literal["euler"]] = "euler"
    time_shift: ClassVar[float] = 1.0


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MeanSampling(MeanSolving, LatentSampling):
    """Sampling of a mean flow."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MeanEvaluation(MeanSolving, ImageEvaluation):
    """Measuring a mean flow."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MeanFlow(Flow):
    """Mean flow (Geng et al. 2025): from noise to a picture in one evaluation of a U-Net."""

    model: ClassVar[str] = "aigc_tf.families.flow.mean:MeanFlow"
    networks: ClassVar[Mapping[str, str]] = {"predictor": "aigc_tf.families.flow.networks:mean_predictor"}
    sample_options: ClassVar[type] = MeanSampling
    evaluators: ClassVar[tuple[str, ...]] = FlowRecipe.evaluators
    transform_options: ClassVar[type] = NoOptions
    evaluate_options: ClassVar[type] = MeanEvaluation
    export_options: ClassVar[type] = MeanSolving

    steps: PositiveInt = 6000
    other_times: Fraction = 0.25
    """Share of the images whose later time is another one; of the others the velocity itself is learnt."""
