"""The task of a classifier."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from aigc_tf.data.classes import ClassNames
from aigc_tf.families.tasks import Transforms


class Classifies(Transforms):
    """Tells the class of each input; what it gives is text: the likeliest class and its probability."""

    verb = "tell classes apart"

    classes: ClassNames
    """That there are."""

    @abc.abstractmethod
    def probabilities(self, inputs: Any) -> np.ndarray:
        """Of each class, float32 `[count, classes]`."""

    def named(self, probabilities: np.ndarray) -> str:
        """The likeliest class with its probability, "positive 0.931", of probabilities `[classes]`."""
        return f"{self.classes.names[int(probabilities.argmax())]} {probabilities.max():.3f}"

    def transform(self, inputs: Any, seed: int = 0, condition: Any = None) -> list[str]:
        """The likeliest class of each input and its probability; nothing is drawn, and there is no condition."""
        self.refuse_condition(condition)
        return [self.named(probabilities) for probabilities in self.probabilities(inputs)]
