"""Differentiable judgements of inputs, for explanations and adversarial attacks."""

from __future__ import annotations

import abc
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from aigc_tf.errors import InputError
from aigc_tf.families.latent import outputs_of
from aigc_tf.families.tasks import Scores
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.nn.corruption import blur

BLUR_SHARE = 1 / 8
"""Standard deviation of the blur of `blurred`, as a share of the shorter side."""


def blurred(images: np.ndarray) -> np.ndarray:
    """Strongly blurred images `[count, height, width, channels]` in [0, 1]."""
    return ops.convert_to_numpy(blur(ops.convert_to_tensor(images), BLUR_SHARE * min(images.shape[1:3])))


@dataclass(frozen=True)
class Judgement:
    """A judging network and the meaning of its output."""

    network: keras.Model
    """Functional, of one input: float32 `[batch, ...]`, pictures in [0, 1] -> logits `[batch, classes]`, or scores
    `[batch, 1]`."""
    meaning: str
    """Name of the score, or of the class logits."""
    names: tuple[str, ...] = ()
    """Names of the classes; empty for a score."""
    reference: Callable[[np.ndarray], np.ndarray] = blurred
    """Inputs `[count, ...]` -> baseline inputs for explanations, `[count, ...]`, without the judged features."""


class Judges(abc.ABC):
    """Judges each input by a score or class logits that are differentiable with respect to the input."""

    takes: Any
    """The modality of an input."""

    @abc.abstractmethod
    def judgement(self) -> Judgement:
        """The judging network.

        Raises:
            InputError: its judgement needs further inputs.
        """


class JudgesByScore(Scores, Judges):
    """Judges by its scoring network; if that also takes noise, the noise is 0."""

    scoring: keras.Model
    reconstruct: Callable[[np.ndarray], np.ndarray]

    def score(self, images: np.ndarray) -> np.ndarray:
        """Anomaly scores of images, uint8 or in [0, 1]: float32 `[count]`, higher for unfamiliar images."""
        noise = [np.zeros((len(images), *other.shape[1:]), "float32") for other in self.scoring.inputs[1:]]
        found: np.ndarray = outputs_of(self.scoring, as_brightness(images), *noise)
        return found

    def judgement(self) -> Judgement:
        """The anomaly score, with the reconstruction as the baseline of explanations."""
        first, *others = self.scoring.inputs
        given = keras.Input(first.shape[1:], name="input")
        zero = ops.zeros_like(ops.reshape(given, (-1, math.prod(first.shape[1:])))[:, :1])
        zeros = [ops.tile(zero, (1, other.shape[-1])) for other in others]
        score = ops.reshape(self.scoring([given, *zeros] if zeros else given), (-1, 1))
        return Judgement(keras.Model(given, score, name="judge"), self.score_meaning, reference=self.reconstruct)


class JudgesByDiscriminator(Judges):
    """Judges by a discriminator, images in [-1, 1] -> outputs `[batch, 1]`."""

    discriminator: keras.Model
    gives: Any
    conditions: Callable[[Any, int], Any]

    @property
    def takes(self) -> Any:
        """The generator's output modality."""
        return self.gives

    def realness(self, images: np.ndarray, condition: Any = None) -> np.ndarray:
        """The discriminator's outputs: float32 `[count]`, higher for more realistic images.

        Args:
            images: `[count, height, width, channels]`, uint8 or in [0, 1].
            condition: of a conditional model, one for all or one for each.
        """
        conditions = self.conditions(condition, len(images))
        given = [2 * as_brightness(np.asarray(images)) - 1, *([] if conditions is None else [conditions])]
        answers: np.ndarray = outputs_of(self.discriminator, *given)
        return answers[:, 0]

    def judgement(self) -> Judgement:
        """The discriminator's output."""
        if len(self.discriminator.inputs) > 1:
            raise InputError("its discriminator judges a picture together with a condition: name a run without one")
        given = keras.Input(self.discriminator.input_shape[1:], name="input")
        answer = self.discriminator(keras.layers.Rescaling(2.0, -1.0, name="to_unit")(given))
        return Judgement(keras.Model(given, answer, name="judge"), "how real the discriminator judges the input")
