"""The base class of recipes: hyperparameters and settings, validated, printed and read back.

A recipe is a frozen dataclass. It imports no TensorFlow, so that a command line can show its help at
once. Code is referred to by strings, ``"package.module:attribute"``, which `aigc_tf.references.resolve` resolves
when it is needed.
"""

from __future__ import annotations

import abc
import dataclasses
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Checked, describe
from aigc_tf.recipes.options import NoOptions
from aigc_tf.recipes.settings import MAX_SEED, Plan, Settings

Precision = Literal["float32", "bfloat16"]
"""Precision of training; bfloat16 is mixed precision."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Recipe(Plan, metaclass=Checked):
    """Fields that every recipe has."""

    model: ClassVar[str]
    """The model class; it is called with the recipe and, by name, the networks."""
    networks: ClassVar[Mapping[str, str]]
    """Role -> a function from recipe, and assets if there are any, to Keras Functional models; it may return None where
    the recipe's settings need no such network."""
    data: ClassVar[str]
    """A function `(recipe, data=None) -> source`."""
    reads: ClassVar[tuple[str, ...]] = ()
    """Extensions, in lower case, of the files that its sources consist of."""
    assets: ClassVar[Mapping[str, str]] = {}
    """What networks and model need to know about the source: its attributes, by name, each with the class whose
    `from_json` reads what its `to_json` wrote. A run stores them."""
    evaluators: ClassVar[tuple[str, ...]]
    """Evaluators (`aigc_tf.metrics.evaluator`): what `evaluate` measures on the test part, along with baselines."""
    chooses: ClassVar[str]
    """The chooser (`aigc_tf.metrics.evaluator.Chooser`) whose figure selects the best checkpoint; lower is better."""
    chosen_on: ClassVar[Literal["validation", "train"]] = "validation"
    """The data it uses: a validation part that is split off the training part, or the training part itself."""
    curves: ClassVar[str | None] = None
    """A function `(model, source, recipe) -> {figure: {name: value}}`: figures of the model (under that name) and of
    its baselines, drawn as lines of one chart in TensorBoard whenever the chooser runs."""
    export_quality: ClassVar[str]
    """A function `(model, source, recipe, runner, quantize) -> dict`: how quantizing changes the quality, measured on
    the exported file; it raises `aigc_tf.export.VerificationError` when that is too much."""
    quality_of: ClassVar[tuple[str, ...]] = ("dynamic", "int8")
    """The quantizations after which that is measured."""

    sample_options: ClassVar[type] = NoOptions
    """Options of sampling besides a count, a seed and a condition (`aigc_tf.recipes.options`)."""
    transform_options: ClassVar[type] = NoOptions
    """Options of transforming."""
    evaluate_options: ClassVar[type] = NoOptions
    """Options of its evaluators; those that sampling has, too, set how the samples they measure are drawn."""
    export_options: ClassVar[type] = NoOptions
    """Options of the export."""
    watch: ClassVar[str] = "aigc_tf.engine.callbacks:StopOnNonFinite"
    """The callback that detects failing training and decides what to do about it."""

    distils: ClassVar[str | None] = None
    """A function `(student, teacher) -> train_step` for distilling a smaller model of the same recipe; None where
    distillation is not supported."""
    widths: ClassVar[tuple[str, ...]] = ()
    """The fields that are reduced for a student: integers, or tuples of them."""

    inputs_may_be_words: ClassVar[bool] = False
    """Whether an input of `transform` that names no file is taken as text."""
    pipeline_tag: ClassVar[str | None] = None
    """The task tag that model hubs give its models; None where they have none for it."""

    source: str = "auto"
    """Where examples come from: a TFDS name, a folder, a file, or auto."""
    licence: str | None = None
    """Licence of your own data, stated in generated and exported files. By default it is unknown."""
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0
    """Random seed of the initial weights, the data order and all random draws during training."""
    batch_size: PositiveInt = 64
    """Examples per training step."""
    precision: Precision = "float32"
    """Precision of training: float32, or bfloat16, mixed precision for CPUs with AVX512_BF16 or AMX."""
    start_from: str | None = None
    """A run folder whose weights initialise this run, where they match by name and shape."""
    freeze: tuple[str, ...] = ()
    """Patterns of layers that are not trained: `generator/*`, `encoder/convolution_?`."""

    def __post_init__(self) -> None:
        """Raise ValueError for fields that are inconsistent with each other; recipes extend this."""

    @classmethod
    @abc.abstractmethod
    def tiny(cls) -> Self:
        """The smallest sensible version, for trying things out and for the tests that every recipe passes."""

    @classmethod
    def printed(cls) -> Self:
        """The layers and settings that an article prints, changed only as far as training them requires.

        What the article leaves open is as in `cls()`; docs/DOCUMENTS.md says what was changed.

        Raises:
            ValueError: no article prints such a design.
        """
        raise ValueError(f"no article describes {cls.slug()}")

    @property
    def fixes_steps(self) -> bool:
        """Whether the result depends on the number of steps: a decaying learning rate, noise calibrated to them."""
        return any(part.fixes_steps for part in self.parts().values())

    def parts(self) -> dict[str, Settings]:
        """The nested settings, by the names of their fields."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Settings)}

    def changeable(self) -> frozenset[str]:
        """Names of the fields that a resumed run may change: the plan, and parts that do not affect what is learnt."""
        plan = {field.name for field in dataclasses.fields(Plan)} - ({"steps"} if self.fixes_steps else set())
        return frozenset(plan | {name for name, part in self.parts().items() if not part.decides_learning})

    @property
    def examples_per_step(self) -> int:
        """Examples requested from the source per training step: one batch, unless the algorithm uses several."""
        return self.batch_size

    @classmethod
    def reference(cls) -> str:
        """`"module:class"`, the name by which a run finds this recipe again."""
        return f"{cls.__module__}:{cls.__qualname__}"

    @classmethod
    def slug(cls) -> str:
        """Its short name: that of its module, of its trainer and of its folder of runs."""
        return cls.__module__.rpartition(".")[2]

    def to_json(self) -> str:
        """This recipe as JSON, with the reference to its class."""
        fields = dataclasses.asdict(self)
        return json.dumps({"recipe": self.reference(), "fields": fields}, indent=2) + "\n"

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """The recipe with these fields, as `to_json` wrote them.

        Raises:
            ValueError: names each field that is unknown or has a wrong type or value.
        """
        try:
            return TypeAdapter(cls).validate_json(json.dumps(fields))
        except ValidationError as error:
            raise ValueError(f"{cls.__name__}: {describe(error, cls)}") from None


def flatten(recipe: Recipe) -> dict[str, Any]:
    """`{"images.height": 28, ...}`: every field by its dotted name."""

    def walk(prefix: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            return {prefix: value}
        return {k: v for name, child in value.items() for k, v in walk(f"{prefix}.{name}", child).items()}

    return {k: v for name, value in dataclasses.asdict(recipe).items() for k, v in walk(name, value).items()}
