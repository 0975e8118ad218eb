"""What every recipe has: the numbers that were chosen, checked, printed and read back.

A recipe is a frozen dataclass. It imports no TensorFlow, so that a command line can show its help at
once. Code is named by strings, ``"package.module:attribute"``, which `aigc_tf.registry.resolve` looks up
when it is needed.
"""

from __future__ import annotations

import abc
import dataclasses
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
)
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.augment import ClassicalAugmentation
from aigc_tf.recipes.fields import STRICT, Fraction, Momentum

MOST_SIDE = 4096  # pixels: beyond what these networks are for
MOST_SEED = 2**32 - 1  # NumPy's generator takes no more


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AdamSettings:
    """Adam (Kingma & Ba 2015, algorithm 1)."""

    learning_rate: PositiveFloat = 1e-3
    """Step size."""
    beta_1: Momentum = 0.9
    """Decay of the mean of the gradients."""
    beta_2: Momentum = 0.999
    """Decay of the mean of the squared gradients."""
    clip_norm: PositiveFloat | None = None
    """Largest global norm of a gradient; None does not clip."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ScheduleSettings:
    """The learning rate's way: a linear rise, then half a cosine down, until the recipe's last step."""

    warmup_steps: NonNegativeInt = 100
    """Steps of the rise."""
    final_share: Fraction = 0.0
    """Of the learning rate, at the end; 1 keeps it."""

    @property
    def falls(self) -> bool:
        """Whether the number of steps decides how."""
        return self.final_share < 1


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ImageSettings:
    """The images that a model sees and makes; sources are brought to this form."""

    height: Annotated[int, Field(ge=1, le=MOST_SIDE)] = 28
    """Pixels."""
    width: Annotated[int, Field(ge=1, le=MOST_SIDE)] = 28
    """Pixels."""
    channels: Annotated[int, Field(ge=1, le=3)] = 1
    """1 is grey, 3 is RGB."""
    max_unreadable: Fraction = 0.01
    """Largest share of unreadable files in a folder that are skipped; more are an error."""

    def __post_init__(self) -> None:
        if self.channels == 2:
            raise ValueError("images.channels is 2: choose 1 (grey) or 3 (RGB)")

    @property
    def shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)`."""
        return (self.height, self.width, self.channels)

    def refuse_unless_doubled(self, times: int) -> None:
        """Raise ValueError if no generator that doubles height and width so many times makes such images."""
        scale = 2**times
        if self.height % scale or self.width % scale:
            raise ValueError(
                f"images are {self.height}x{self.width}: the generator doubles {times} times, height and width must be "
                f"divisible by {scale}"
            )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LoggingSettings:
    """What TensorBoard and the progress line show, and how often (in training steps)."""

    scalars_every: PositiveInt = 20
    """Losses and speed."""
    samples_every: PositiveInt = 250
    """Pictures or text from fixed latents."""
    keep_samples: PositiveInt = 100
    """Of how many of the latest such moments they are kept, as files and in TensorBoard."""
    evaluate_every: PositiveInt = 500
    """The quality figure that picks the best checkpoint."""
    evaluate_samples: PositiveInt = 2000
    """Samples for that figure."""
    graph: bool = False
    """Write the graph of the training step."""
    histograms: bool = False
    """Write histograms of the weights whenever samples are written; they are kept as long."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CheckpointSettings:
    """When the whole state is saved. An interrupt and the last step always save it."""

    every: PositiveInt = 500
    """Training steps."""
    keep: PositiveInt = 3
    """How many of the latest are kept, besides the best one."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class QuantisedLimits:
    """How far an 8-bit file of a model of images may be from the network."""

    distance_share: NonNegativeFloat
    """Largest change of the Fréchet distance to data, as a share of the network's own."""
    psnr_db: NonNegativeFloat
    """By how much the PSNR of reconstructions may fall."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ExportLimits:
    """What quantising may change in the quality of a model of images; a file beyond it is not kept."""

    samples: Annotated[int, Field(ge=2)] = 10_000
    """Images that are generated, and test images that are reconstructed, to measure it."""
    dynamic: QuantisedLimits = QuantisedLimits(distance_share=0.02, psnr_db=0.2)
    """With 8-bit weights."""
    int8: QuantisedLimits = QuantisedLimits(distance_share=0.05, psnr_db=0.5)
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained, measured with few images."""
        loose = QuantisedLimits(distance_share=0.5, psnr_db=1.0)
        return cls(samples=200, dynamic=loose, int8=loose)

    def of(self, quantize: str) -> QuantisedLimits:
        """The limits of `dynamic` or `int8`."""
        return {"dynamic": self.dynamic, "int8": self.int8}[quantize]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Recipe(abc.ABC):
    """Fields that every recipe has."""

    model: ClassVar[str]
    """The model class; it is called with the recipe and, by name, the networks."""
    networks: ClassVar[Mapping[str, str]]
    """Role -> a function from recipe, and assets if there are any, to Keras Functional models."""
    data: ClassVar[str]
    """A function `(recipe, data=None) -> source`."""
    assets: ClassVar[Mapping[str, str]] = {}
    """What networks and model need to know of the source: its attributes, by name, each with the class whose
    `from_json` reads what its `to_json` wrote. A run keeps them."""
    evaluation: ClassVar[str]
    """A function `(model, source, recipe, samples, seed) -> dict`: the measured quality."""
    quality: ClassVar[str]
    """A function `(model, source, recipe, samples) -> float`, lower is better: it picks the best checkpoint."""
    quality_name: ClassVar[str]
    """What that figure is called."""
    export_quality: ClassVar[str]
    """A function `(model, source, recipe, runner, quantize) -> dict`: what quantising changes in quality, measured on
    the exported file; it raises `aigc_tf.export.VerificationError` when that is too much."""

    examples: ClassVar[Literal["images", "text", "series"]]
    """What the model makes."""
    watch: ClassVar[str] = "aigc_tf.engine.callbacks:StopOnNonFinite"
    """The callback that sees when training goes wrong, and decides what happens then."""

    source: str = "auto"
    """Where examples come from: a TFDS name, a folder, a file, or auto."""
    seed: Annotated[int, Field(ge=0, le=MOST_SEED)] = 0
    """Initial weights, data order and every random draw of training follow from it."""
    steps: PositiveInt = 1000
    """Training stops when this many steps have been made in all."""
    seconds: PositiveFloat | None = None
    """Or after this many seconds of training in this call, whichever comes first."""
    batch_size: PositiveInt = 64
    """Examples in a step."""
    stop_after: PositiveInt | None = None
    """Training stops early when the quality figure has not improved for so many evaluations."""
    logging: LoggingSettings = LoggingSettings()
    checkpoints: CheckpointSettings = CheckpointSettings()

    @classmethod
    @abc.abstractmethod
    def tiny(cls) -> Self:
        """The smallest sensible version, for trying things out and for the tests that every recipe passes."""

    def changeable_on_resume(self) -> frozenset[str]:
        """Fields that say when to stop and what to record; all others decide what is learnt.

        A recipe whose schedule depends on the number of steps leaves "steps" out.
        """
        return frozenset({"steps", "seconds", "stop_after", "logging", "checkpoints"})

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
            raise ValueError(f"{cls.__name__}: {describe(error)}") from None


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ImageRecipe(Recipe):
    """A recipe for a model of images."""

    data: ClassVar[str] = "aigc_tf.data.images.opening:open_source"
    evaluation: ClassVar[str] = "aigc_tf.metrics.images.samples:evaluate"
    quality: ClassVar[str] = "aigc_tf.metrics.images.samples:frechet_distance_of_model"
    quality_name: ClassVar[str] = "frechet_distance"
    export_quality: ClassVar[str] = "aigc_tf.metrics.images.export_quality:image_quality"
    examples: ClassVar[Literal["images", "text", "series"]] = "images"

    images: ImageSettings = ImageSettings()
    augmentation: ClassicalAugmentation = ClassicalAugmentation()
    """Of the training images."""
    export_limits: ExportLimits = ExportLimits()

    def changeable_on_resume(self) -> frozenset[str]:
        """The limits of exports decide nothing of what is learnt either."""
        return super().changeable_on_resume() | {"export_limits"}


def describe(error: ValidationError) -> str:
    """The faults of a recipe in one line: `images.height is -1: input should be greater than 0; ...`."""
    faults = []
    for fault in error.errors():
        place = ".".join(str(part) for part in fault["loc"]).encode("unicode_escape").decode() or "recipe"
        message = fault["msg"].removeprefix("Value error, ")
        faults.append(message if fault["type"] == "value_error" else f"{place} is {fault['input']!r}: {message}")
    return "; ".join(faults)


def flatten(recipe: Recipe) -> dict[str, Any]:
    """`{"images.height": 28, ...}`: every field by its dotted name."""

    def walk(prefix: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            return {prefix: value}
        return {k: v for name, child in value.items() for k, v in walk(f"{prefix}.{name}", child).items()}

    return {k: v for name, value in dataclasses.asdict(recipe).items() for k, v in walk(name, value).items()}
