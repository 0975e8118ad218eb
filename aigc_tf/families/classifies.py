"""The task of classification."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from aigc_tf.data.classes import ClassNames
from aigc_tf.families.tasks import Transforms


class Classifies(Transforms):
    """Classifies each input; the output is text, the most probable class and its probability."""

    verb = "tell classes apart"

    classes: ClassNames
    """The classes and their names."""

    @abc.abstractmethod
    def probabilities(self, inputs: Any) -> np.ndarray:
        """Class probabilities, float32 `[count, classes]`."""

    def named(self, probabilities: np.ndarray) -> str:
        """The most probable class with its probability, "positive 0.931", from probabilities `[classes]`."""
        return f"{self.classes.names[int(probabilities.argmax())]} {probabilities.max():.3f}"

    def transform(self, inputs: Any, seed: int = 0, condition: Any = None) -> list[str]:
        """The most probable class of each input and its probability; deterministic and unconditional."""
        self.refuse_condition(condition)
        return [self.named(probabilities) for probabilities in self.probabilities(inputs)]
