"""Settings common to all recipes: optimizers, learning-rate schedules, training length, logging and checkpoints."""

from __future__ import annotations

from typing import Any

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Checked, Fraction, ProperFraction

MAX_SEED = 2**32 - 1  # NumPy's generator takes no more


class Settings(metaclass=Checked):
    """A part of a recipe, and what resuming has to know about it."""

    decides_learning = True
    """Whether resuming a run with other values would change what is learnt."""

    @property
    def fixes_steps(self) -> bool:
        """Whether the result depends on the recipe's number of steps, so that resuming must not change it."""
        return False


class QuantizationLimits(Settings):
    """How much quantizing may change quality; a file beyond it is not kept. Subclasses add a field for each type."""

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
    """Learning rate (step size)."""
    beta_1: ProperFraction = 0.9
    """Decay rate of the first moment (mean of the gradients)."""
    beta_2: ProperFraction = 0.999
    """Decay rate of the second moment (mean of the squared gradients)."""
    clip_norm: PositiveFloat | None = None
    """Gradient clipping: maximum global norm; None does not clip."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ScheduleSettings(Settings):
    """Learning-rate schedule: linear warm-up, then cosine decay until the recipe's last step."""

    warmup_steps: NonNegativeInt = 100
    """Warm-up steps."""
    final_share: Fraction = 0.0
    """Final learning rate as a share of the full one; 1 means no decay."""

    @property
    def falls(self) -> bool:
        """Whether the learning rate decays, as the number of steps decides."""
        return self.final_share < 1

    @property
    def fixes_steps(self) -> bool:
        """A decaying learning rate ends at the last step."""
        return self.falls


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LoggingSettings(Settings):
    """Logging to TensorBoard and the progress line; intervals are in training steps."""

    decides_learning = False

    scalars_every: PositiveInt = 20
    """Interval for losses and speed."""
    samples_every: PositiveInt = 250
    """Interval for samples, such as pictures or text, from fixed latents."""
    keep_samples: PositiveInt = 100
    """How many of the latest sets of samples are kept, as files and in TensorBoard."""
    evaluate_every: PositiveInt = 500
    """Interval for the quality figure that selects the best checkpoint."""
    evaluate_samples: PositiveInt = 2000
    """Samples for that figure."""
    graph: bool = False
    """Write the graph of the training step."""
    histograms: bool = False
    """Write histograms of the weights whenever samples are written; they are kept as long."""
    profile: bool = False
    """Write a trace of ten steps for TensorBoard's profiler (viewing it needs tensorboard-plugin-profile)."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CheckpointSettings(Settings):
    """When checkpoints of the whole training state are saved. An interrupt and the last step always save one."""

    decides_learning = False

    every: PositiveInt = 500
    """Interval in training steps."""
    keep: PositiveInt = 3
    """How many of the latest checkpoints are kept, besides the best one."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Plan(metaclass=Checked):
    """How long to train and what to record: the part of a recipe that a resumed run may change."""

    steps: PositiveInt = 1000
    """Total number of training steps, those before a resume included."""
    seconds: PositiveFloat | None = None
    """Stop after this many seconds of training in this call, if that comes first."""
    stop_after: PositiveInt | None = None
    """Early stopping: evaluations without an improvement of the quality figure (patience)."""
    stop_at: float | None = None
    """Stop as soon as the quality figure (lower is better) reaches this value."""
    logging: LoggingSettings = LoggingSettings()
    checkpoints: CheckpointSettings = CheckpointSettings()
