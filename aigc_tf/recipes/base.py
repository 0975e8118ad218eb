"""What every recipe has: the numbers that were chosen, checked, printed and read back.

A recipe is a frozen dataclass. It imports no TensorFlow, so that a command line can show its help at
once. Code is named by strings, ``"package.module:attribute"``, which `aigc_tf.references.resolve` looks up
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
"""What training computes in."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Recipe(Plan, metaclass=Checked):
    """Fields that every recipe has."""

    model: ClassVar[str]
    """The model class; it is called with the recipe and, by name, the networks."""
    networks: ClassVar[Mapping[str, str]]
    """Role -> a function from recipe, and assets if there are any, to Keras Functional models; it may give None where
    the recipe's numbers ask for no such network."""
    data: ClassVar[str]
    """A function `(recipe, data=None) -> source`."""
    reads: ClassVar[tuple[str, ...]] = ()
    """Endings, in small letters, of the files that its sources are made of."""
    assets: ClassVar[Mapping[str, str]] = {}
    """What networks and model need to know of the source: its attributes, by name, each with the class whose
    `from_json` reads what its `to_json` wrote. A run keeps them."""
    evaluators: ClassVar[tuple[str, ...]]
    """Evaluators (`aigc_tf.metrics.evaluator`): what `evaluate` measures on the test part, baselines beside it."""
    chooses: ClassVar[str]
    """The chooser (`aigc_tf.metrics.evaluator.Chooser`) whose figure picks the best checkpoint; lower is better."""
    chosen_on: ClassVar[Literal["validation", "train"]] = "validation"
    """What it looks at: a validation part that is cut from the training part, or the training part itself."""
    curves: ClassVar[str | None] = None
    """A function `(model, source, recipe) -> {figure: {name: value}}`: figures of the model (under that name) and of
    what it has to beat, which are drawn as lines of one chart in TensorBoard whenever the chooser looks."""
    export_quality: ClassVar[str]
    """A function `(model, source, recipe, runner, quantize) -> dict`: what quantizing changes in quality, measured on
    the exported file; it raises `aigc_tf.export.VerificationError` when that is too much."""
    quality_of: ClassVar[tuple[str, ...]] = ("dynamic", "int8")
    """The quantizations after which that is measured."""

    sample_options: ClassVar[type] = NoOptions
    """What sampling can be asked beside a count, a seed and a condition (`aigc_tf.recipes.options`)."""
    transform_options: ClassVar[type] = NoOptions
    """What a transformation can be asked."""
    evaluate_options: ClassVar[type] = NoOptions
    """What its evaluators can be asked; options that sampling has, too, say how what they measure is drawn."""
    export_options: ClassVar[type] = NoOptions
    """What the export can be asked."""
    watch: ClassVar[str] = "aigc_tf.engine.callbacks:StopOnNonFinite"
    """The callback that sees when training goes wrong, and decides what happens then."""

    distils: ClassVar[str | None] = None
    """A function `(student, teacher) -> train_step`: how a smaller model learns from one of the same recipe; None where
    it cannot."""
    widths: ClassVar[tuple[str, ...]] = ()
    """The fields that make what it teaches smaller: whole numbers, or tuples of them."""

    inputs_may_be_words: ClassVar[bool] = False
    """Whether an input that is named where it is transformed may be words, if there is no such file."""
    pipeline_tag: ClassVar[str | None] = None
    """What model hubs call what its models do; None where they have no name for it."""

    source: str = "auto"
    """Where examples come from: a TFDS name, a folder, a file, or auto."""
    licence: str | None = None
    """Of the user's own data: what is made and exported says so. By default it is not known."""
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0
    """Initial weights, data order and every random draw of training follow from it."""
    batch_size: PositiveInt = 64
    """Examples in a step."""
    precision: Precision = "float32"
    """What training computes in: bfloat16 is mixed precision, for CPUs with AVX512_BF16 or AMX."""
    start_from: str | None = None
    """A run folder whose weights, where they fit by name and shape, this run begins with."""
    freeze: tuple[str, ...] = ()
    """Patterns of layers that stay as they are: `generator/*`, `encoder/convolution_?`."""

    @classmethod
    @abc.abstractmethod
    def tiny(cls) -> Self:
        """The smallest sensible version, for trying things out and for the tests that every recipe passes."""

    @classmethod
    def printed(cls) -> Self:
        """The layers and settings that an article prints, changed no more than it takes to train them.

        What the article leaves open is as in `cls()`; docs/DOCUMENTS.md says what was changed.

        Raises:
            ValueError: no article prints such a design.
        """
        raise ValueError(f"no article prints the design of {cls.slug()}")

    @property
    def fixes_steps(self) -> bool:
        """Whether what is learnt depends on the number of steps: a falling learning rate, noise chosen for them."""
        return any(part.fixes_steps for part in self.parts().values())

    def parts(self) -> dict[str, Settings]:
        """The nested settings, by the names of their fields."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Settings)}

    def changeable(self) -> frozenset[str]:
        """Names of the fields that a resumed run may change: the plan, and parts that do not decide what is learnt."""
        plan = {field.name for field in dataclasses.fields(Plan)} - ({"steps"} if self.fixes_steps else set())
        return frozenset(plan | {name for name, part in self.parts().items() if not part.decides_learning})

    @property
    def examples_per_step(self) -> int:
        """What the source is asked for in each training step; a batch, unless the algorithm takes several."""
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
