"""The tasks of models: a small base class for each. Commands, cards and tests rely on these, never on names."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.families.latent_space import Way, interpolation, normal_batches, spherical, standard_normal
from aigc_tf.modalities.base import Modality, Preview

TrainStep = Callable[[dict[str, Any]], dict[str, Any]]
"""A batch -> the metrics of a training step."""

AT_ONCE = 500
"""Batch size for generating many examples."""


class Task(abc.ABC):
    """A task of a model, with its input and output modalities."""

    verb: ClassVar[str]
    """The verb for messages: "a gpt does not transform inputs"."""

    @property
    def condition(self) -> Modality | None:
        """The modality of the condition: a class, a text, a picture; None for unconditional models."""
        return None

    def conditions(self, given: Any, count: int) -> Any:
        """One condition for each of `count` examples, as network inputs; None for an unconditional model.

        Args:
            given: one for all, or one for each; None spreads them over all conditions.
            count: of examples.

        Raises:
            InputError: there is no such condition, or the model takes none.
            ValueError: the number of conditions is neither one nor `count`.
        """
        if self.condition is None:
            self.refuse_condition(given)
            return None
        return self.condition.values(given, count)

    def refuse_condition(self, given: Any) -> None:
        """Raise InputError if a condition is given, for models that take none."""
        if given is not None:
            raise InputError("the model generates without a condition: leave it out")


class Draws(Task):
    """Generates new examples from a seed."""

    verb = "generate new examples"

    @property
    @abc.abstractmethod
    def gives(self) -> Modality:
        """The modality of examples."""

    @abc.abstractmethod
    def generate(self, count: int, seed: int = 0, condition: Any = None) -> Any:
        """`count` new examples of the modality `gives`; the same for the same arguments.

        Randomness depends only on `seed`, never on the training generators. Further keyword arguments are the recipe's
        `sample_options`.

        Args:
            count: how many.
            seed: of all that is drawn.
            condition: one for all, or one for each; None spreads them over all conditions.
        """

    def generate_batches(self, count: int, seed: int = 0, condition: Any = None, **options: Any) -> Iterator[Any]:
        """`generate` in batches, for more examples than fit in memory."""
        yield self.generate(count, seed, condition, **options)


class Decodes(Draws):
    """Decodes latent vectors with a Gaussian prior to examples."""

    verb = "decode latent vectors"

    latent_dim: int
    """Length of the latent vector."""

    @abc.abstractmethod
    def decode(self, latents: np.ndarray, condition: Any = None) -> Any:
        """Decode latents to examples of the modality `gives`.

        Args:
            latents: `[count, latent_dim]`.
            condition: one for all, or one for each; None spreads them over all conditions.
        """

    def prior(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The Gaussian prior of latents, as mean + factor · (standard normal noise).

        Returns:
            None for the standard normal distribution; otherwise the mean `[latent_dim]` and the factor, a matrix
            `[latent_dim, latent_dim]`, or `[latent_dim]` for its diagonal.
        """
        return None

    def latents(self, count: int, seed: int, truncation: float | None = None) -> np.ndarray:
        """Samples of the prior: float32 `[count, latent_dim]`.

        Args:
            count: how many.
            seed: the same seed gives the same samples.
            truncation: of the underlying normal noise; see `latent_space.standard_normal`.
        """
        return self.from_normal(standard_normal((count, self.latent_dim), seed, truncation))

    def latent_batches(self, count: int, seed: int, truncation: float | None = None) -> Iterator[np.ndarray]:
        """The samples of `latents`, `[at most NORMAL_BATCH, latent_dim]` at a time."""
        return map(self.from_normal, normal_batches(count, self.latent_dim, seed, truncation))

    def from_normal(self, normal: np.ndarray) -> np.ndarray:
        """Standard normal noise `[..., latent_dim]` -> samples of the prior, float32 of the same shape."""
        prior = self.prior()
        if prior is None:
            return normal.astype("float32")
        mean, factor = prior
        return (mean + (normal @ factor.T if factor.ndim == 2 else normal * factor)).astype("float32")

    def latent_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the prior in each dimension: `[latent_dim]`."""
        prior = self.prior()
        if prior is None:
            return np.zeros(self.latent_dim), np.ones(self.latent_dim)
        mean, factor = prior
        return mean, np.sqrt((factor**2).sum(axis=1)) if factor.ndim == 2 else factor

    def interpolate(
        self,
        frames: int,
        seed: int = 0,
        rows: int = 1,
        way: Way = spherical,
        truncation: float | None = None,
        condition: Any = None,
    ) -> np.ndarray:
        """Interpolations between random latents, an array `[rows, frames, ...]`.

        Spherical interpolation (White 2016) keeps the norm of the latents typical of the prior throughout.
        """
        start, end = self.latents(2 * rows, seed, truncation).reshape(rows, 2, -1).swapaxes(0, 1)
        return interpolation(self, start, end, frames, way, condition)


class Streams(Draws):
    """Generates one example piece by piece, for streaming output."""

    verb = "generate examples piece by piece"

    @abc.abstractmethod
    def pieces(self, seed: int = 0, condition: Any = None) -> Iterator[str]:
        """The text of one example in pieces, as soon as each is known; further arguments as for `generate`."""


class Transforms(Task):
    """Transforms each input to an output of the same or another modality."""

    verb = "transform inputs"

    @property
    @abc.abstractmethod
    def takes(self) -> Modality:
        """The modality of inputs."""

    @property
    @abc.abstractmethod
    def gives(self) -> Modality:
        """The modality of outputs; for a model that also generates, of its examples."""

    @property
    def transformed(self) -> Modality:
        """The modality of outputs, if it differs from that of generated examples."""
        return self.gives

    @abc.abstractmethod
    def transform(self, inputs: Any, seed: int = 0, condition: Any = None) -> Any:
        """An output for each input, of the modality `gives`; the same for the same arguments.

        Further keyword arguments are the recipe's `transform_options`.

        Args:
            inputs: rows of the modality `takes`.
            seed: of random draws, if there are any.
            condition: one for all, or one for each; None spreads them over all conditions.
        """


class Answers(Transforms):
    """Answers in a conversation, of which an input holds the latest turns, one per line."""

    verb = "answer"

    @property
    @abc.abstractmethod
    def turns(self) -> int:
        """Number of turns in an input."""


class Encodes(Task):
    """Encodes each input to a vector."""

    verb = "encode inputs"

    latent_dim: int
    """Length of the vector."""

    @property
    @abc.abstractmethod
    def takes(self) -> Modality:
        """The modality of inputs."""

    @abc.abstractmethod
    def encode(self, inputs: Any) -> np.ndarray:
        """Encodings of inputs, float32 `[count, latent_dim]`."""

    def encodings(self, inputs: Any) -> dict[str, np.ndarray]:
        """All encoder outputs for inputs, such as mean and log variance, by name: float32 `[count, latent_dim]`."""
        return {"latent": self.encode(inputs)}

    def refuse_unknown(self, inputs: Any) -> None:
        """Raise InputError if inputs contain anything that is unknown to the model; by default, nothing is refused."""

    def activity(self, inputs: Any) -> np.ndarray:
        """How much each latent dimension varies with inputs: float32 `[latent_dim]`; by default its variance."""
        return self.encode(inputs).var(axis=0)


class Scores(Task):
    """Assigns a score to each input."""

    verb = "score inputs"

    score_meaning: str
    """A description of the score, with its unit."""

    @property
    @abc.abstractmethod
    def takes(self) -> Modality:
        """The modality of inputs."""

    @abc.abstractmethod
    def score(self, inputs: Any) -> np.ndarray:
        """Scores of inputs, float32 `[count]`."""


class Forecasts(Task):
    """Forecasts the continuation of a history."""

    verb = "forecast"

    @property
    @abc.abstractmethod
    def takes(self) -> Modality:
        """The modality of histories."""

    @abc.abstractmethod
    def forecast(self, history: Any, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """The mean of the next values, and their standard deviation around it, both float64 `[steps, ...]`.

        Args:
            history: `[time, ...]`.
            steps: number of steps.
        """


class Explains(Task):
    """Explains its outputs for an input."""

    verb = "explain what it expects"

    @property
    @abc.abstractmethod
    def takes(self) -> Modality:
        """The modality of inputs."""

    @abc.abstractmethod
    def explain(self, value: Any, title: str) -> dict[str, Preview]:
        """Explanations of one input, by name: pictures, and HTML pages as text.

        Args:
            value: one input.
            title: of the pages.
        """


TASKS: tuple[type[Task], ...] = (Draws, Transforms, Encodes, Scores, Forecasts, Explains)


def modality_of(model: Any) -> Modality:
    """The modality of a model's training examples: its inputs, or its outputs if it only generates."""
    takes = next((task for task in tasks_of(model) if task is not Draws), None)
    modality: Modality = model.gives if takes is None else model.takes
    return modality


def tasks_of(model: Any) -> list[type[Task]]:
    """The tasks of a model or of a model class."""
    kind = model if isinstance(model, type) else type(model)
    return [task for task in TASKS if issubclass(kind, task)]
