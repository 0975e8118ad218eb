"""Parts that recipes are made of, whatever their model makes: optimizers, schedules, how long to train, what to log."""

from __future__ import annotations

from typing import Any

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Checked, Fraction, ProperFraction

MAX_SEED = 2**32 - 1  # NumPy's generator takes no more


class Settings(metaclass=Checked):
    """A part of a recipe, and what resuming has to know of it."""

    decides_learning = True
    """Whether a run that is resumed with other values would learn something else."""

    @property
    def fixes_steps(self) -> bool:
        """Whether what is learnt depends on the recipe's number of steps, so that resuming may not change it."""
        return False


class QuantizationLimits(Settings):
    """What quantizing may change in quality; a file beyond it is not kept. Subclasses have a field for each form."""

    decides_learning = False

    dynamic: Any
    """With 8-bit weights."""
    int8: Any
    """With 8-bit arithmetic."""

    def of(self, quantize: str) -> Any:
        """The limit of `dynamic` or `int8`."""
        return {"dynamic": self.dynamic, "int8": self.int8}[quantize]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AdamSettings(Settings):
    """Adam (Kingma & Ba 2015, algorithm 1)."""

    learning_rate: PositiveFloat = 1e-3
    """Step size."""
    beta_1: ProperFraction = 0.9
    """Decay of the mean of the gradients."""
    beta_2: ProperFraction = 0.999
    """Decay of the mean of the squared gradients."""
    clip_norm: PositiveFloat | None = None
    """Largest global norm of a gradient; None does not clip."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ScheduleSettings(Settings):
    """Schedule of the learning rate: linear warm-up, then half a cosine down, until the recipe's last step."""

    warmup_steps: NonNegativeInt = 100
    """Steps of the rise."""
    final_share: Fraction = 0.0
    """Of the learning rate, at the end; 1 keeps it."""

    @property
    def falls(self) -> bool:
        """Whether the number of steps decides how."""
        return self.final_share < 1

    @property
    def fixes_steps(self) -> bool:
        """A falling rate ends at the last step."""
        return self.falls


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LoggingSettings(Settings):
    """What TensorBoard and the progress line show, and how often (in training steps)."""

    decides_learning = False

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
    profile: bool = False
    """Write a trace of ten steps for TensorBoard's profiler (needs tensorboard-plugin-profile to be looked at)."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CheckpointSettings(Settings):
    """When the whole state is saved. An interrupt and the last step always save it."""

    decides_learning = False

    every: PositiveInt = 500
    """Training steps."""
    keep: PositiveInt = 3
    """How many of the latest are kept, besides the best one."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Plan(metaclass=Checked):
    """How long to train and what to record: the part of a recipe that a resumed run may change."""

    steps: PositiveInt = 1000
    """Training stops when this many steps have been made in all."""
    seconds: PositiveFloat | None = None
    """Or after this many seconds of training in this call, whichever comes first."""
    stop_after: PositiveInt | None = None
    """Training stops early when the quality figure has not improved for so many evaluations."""
    stop_at: float | None = None
    """Training stops early when the quality figure, of which less is better, is so low."""
    logging: LoggingSettings = LoggingSettings()
    checkpoints: CheckpointSettings = CheckpointSettings()
