"""The task of a classifier of texts."""

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

    def transform(self, inputs: Any, seed: int = 0, condition: Any = None, whole: bool = False) -> list[str]:
        """The likeliest class of each text and its probability.

        Args:
            inputs: texts.
            seed: nothing is drawn.
            condition: there is none.
            whole: take each text as one input; otherwise each of its lines is one and gets a line, an empty one
                an empty line.
        """
        self.refuse_condition(condition)
        lines = [[text] if whole else text.split("\n") for text in inputs]
        asked = [line for text in lines for line in text if line.strip()]
        answers = map(self.named, self.probabilities(asked))
        return ["\n".join(next(answers) if line.strip() else "" for line in text) for text in lines]
