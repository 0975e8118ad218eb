"""What training, measuring and export ask of a model, whatever its algorithm."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from aigc_tf.families.state import named_state
from aigc_tf.modalities.base import Preview


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a signature."""

    shape: tuple[int, ...]
    """Without the batch dimension."""
    meaning: str
    """What the numbers are, with range and unit, for the model card."""
    dtype: str = "float32"
    kinds: tuple[str, ...] = ()
    """Of a number from 0 that stands for one of several: their names."""


@dataclass(frozen=True)
class Signature:
    """A named, deterministic function of a trained model: what SavedModel and LiteRT files hold."""

    network: keras.Model
    """Functional; its inputs and outputs are in the order of the two mappings below."""
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    examples: Callable[[int, int], dict[str, np.ndarray]]
    """`(count, seed)` -> real inputs by name, `[count, ...]`, for verification and calibration."""
    feedback: Mapping[str, str] = field(default_factory=dict)
    """For a signature that is called in a loop: which output becomes which input of the next call,
    `{"new_state": "state"}`. It is verified and calibrated over whole sequences."""
    longest: int | None = None
    """How many calls a sequence can have, if it has an end: a transformer's context."""


class GenerativeModel(keras.Model, abc.ABC):
    """A `keras.Model` with a `train_step` of its own over batches of named tensors.

    What it can do, it says by the base classes of its tasks (`aigc_tf.families.tasks`). The networks and optimizers are
    attributes; `state` collects what a checkpoint holds.
    """

    @property
    @abc.abstractmethod
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Every optimizer by its role."""

    @abc.abstractmethod
    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """The functions that an exported file holds, by name.

        Args:
            source: of real examples, for inputs that are data; without one the model's own samples stand in.
        """

    def export_metadata(self) -> dict[str, Any]:
        """JSON-able facts that a program needs to run the exported file, beside its signatures (docs/MOBILE.md)."""
        return {}

    @abc.abstractmethod
    def previews(self, source: Any) -> dict[str, Preview]:
        """What to watch through training, by name: pictures, uint8 `[height, width, channels]`, or text.

        Args:
            source: the run's; examples come from its `watched` part.
        """

    def troubles(self, logs: Mapping[str, Any], watched: dict[str, float]) -> list[str]:
        """What goes wrong in training by what a step has logged, in words; nothing by default.

        Args:
            logs: of the step.
            watched: what is counted from step to step, by name; part of every checkpoint.
        """
        return []

    def state(self) -> dict[str, keras.Variable]:
        """Every variable that training changes, by the path of its layer.

        `Model.variables` holds the weights, the batch-norm statistics, the moving averages and the states of
        all seed generators (Dropout's too), but no optimizer: those are added here.
        """
        return named_state(self, self.optimizers)


def copy_state(source: GenerativeModel, target: GenerativeModel) -> None:
    """Give a model the state of another of the same recipe."""
    state = source.state()
    for name, variable in target.state().items():
        variable.assign(state[name].numpy())
