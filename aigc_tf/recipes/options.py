"""Options of the commands (sample, transform, evaluate, export) besides counts, seeds and files.

A recipe names the option classes that its runs take. They import no TensorFlow, so that a command can list the options
of all recipes at once; a field's docstring is its help.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat
from pydantic.dataclasses import dataclass

from aigc_tf.errors import InputError
from aigc_tf.recipes.fields import STRICT, Checked, Count, ProperFraction

if TYPE_CHECKING:
    from aigc_tf.recipes.base import Recipe

MIN_TRUNCATION = 0.01
"""Below it nearly all normal samples would be rejected, and all pictures would look the same."""


class Options(metaclass=Checked):
    """Options of a command, by name."""

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of the model's method."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class NoOptions(Options):
    """Nothing to choose."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LatentSampling(Options):
    """Sampling from a model that decodes a latent vector."""

    truncation: Annotated[float, Field(ge=MIN_TRUNCATION)] | None = None
    """Truncation trick (Brock et al. 2019, §3.1): sample latents whose components are at most this many standard
    deviations from 0; pictures become more typical and less varied."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Decoding(metaclass=Checked):
    """How the next token is chosen from the logits, in the order of these fields."""

    repetition_penalty: PositiveFloat = 1.0
    """Above 1, tokens that have been written already become less likely (Keskar et al. 2019, §4.1)."""
    temperature: NonNegativeFloat = 1.0
    """Softmax temperature: below 1 text is more predictable, above 1 more varied; 0 is greedy decoding."""
    top_k: NonNegativeInt = 0
    """Top-k sampling: only this many of the likeliest tokens (Fan et al. 2018); 0: all."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Nucleus sampling: only the likeliest tokens that together have this probability (Holtzman et al. 2020)."""
    min_p: ProperFraction = 0.0
    """Min-p sampling: only tokens at least this fraction as likely as the likeliest (Nguyen et al. 2024); 0: all."""
    beams: Count = 1
    """Beam width; above 1, beam search for the likeliest text, without sampling."""
    watermark: str = ""
    """Secret key of a watermark: it selects tokens that are favoured (Kirchenbauer et al. 2023). With the same key
    `tools.provenance` detects it."""

    def __post_init__(self) -> None:
        own = dataclasses.fields(Decoding)
        changed = [field.name for field in own if getattr(self, field.name) != field.default]
        if self.beams > 1 and changed != ["beams"]:
            raise ValueError(
                f"beams is {self.beams}: beam search does not sample, leave the other decoding options out"
            )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Writing(Decoding, Options):
    """Sampling from a model that writes text token by token."""

    prompt: str = ""
    """How each text begins."""
    tokens: Count = 200
    """Maximum number of tokens written after the prompt."""

    def arguments(self) -> dict[str, Any]:
        """The prompt, the number of tokens, and a `Decoding`."""
        chosen = {field.name: getattr(self, field.name) for field in dataclasses.fields(Decoding)}
        return {"prompt": self.prompt, "tokens": self.tokens, "decoding": Decoding(**chosen)}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PathSampling(Options):
    """Sampling from an autoregressive model of series."""

    steps: Count = 200
    """Time steps of each sequence."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ImageEvaluation(Options):
    """Evaluation of an image model."""

    features: str = "auto"
    """Feature network for the Fréchet distance and the like: auto, classifier, rotation, inception, or another that is
    registered. auto: a classifier of the data set, or a network that predicts rotations if there are no labels.
    inception: Inception v3, trained on ImageNet."""


def sampling_of(recipe: Recipe, options: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's `evaluate_options` that are also `sample_options`, as given or by default."""
    drawing = {field.name for field in dataclasses.fields(recipe.sample_options)}
    both = [field.name for field in dataclasses.fields(recipe.evaluate_options) if field.name in drawing]
    chosen = recipe.evaluate_options(**{name: value for name, value in options.items() if name in both})
    return {name: getattr(chosen, name) for name in both}


def require_known(options: Mapping[str, Any], recipe: Recipe) -> None:
    """Raise InputError if something is no option of evaluating models of a recipe."""
    known = recipe.evaluate_options().arguments()
    strange = sorted(options.keys() - known.keys())
    if strange:
        has = ", ".join(known) or "none"
        raise InputError(f"evaluate of a {recipe.slug()} does not take {strange[0]}: its options are {has}")


def in_name(options: Mapping[str, Any], recipe: Recipe) -> str:
    """The options of an export that are not the recipe's default, as the end of its folder's name."""
    usual = recipe.export_options().arguments()
    changed = {name: value for name, value in options.items() if usual.get(name) != value}
    return "".join(f"-{name}{value}" for name, value in changed.items())
