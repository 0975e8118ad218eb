"""What a model can do: a small base class for each task. Commands, cards and tests ask these, never names."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.families.latent_space import Way, interpolation, normal_batches, spherical, standard_normal
from aigc_tf.modalities.base import Modality, Preview

TrainStep = Callable[[dict[str, Any]], dict[str, Any]]
"""A batch -> what is logged of a step."""

AT_ONCE = 500
"""Examples that are drawn together where many are asked for."""


class Task(abc.ABC):
    """A verb of a model, with the modalities that it takes and gives."""

    verb: ClassVar[str]
    """In messages: "a gpt does not transform inputs"."""

    @property
    def condition(self) -> Modality | None:
        """What the model has to be told beside its input: a class, a text, a picture; None for nothing."""
        return None

    def conditions(self, given: Any, count: int) -> Any:
        """One condition for each of `count` examples, as the networks take them; None for a model without.

        Args:
            given: one for all, or one for each; None spreads them over all kinds.
            count: of examples.

        Raises:
            InputError: there is no such condition, or the model takes none.
            ValueError: there are neither one nor `count`.
        """
        if self.condition is None:
            self.refuse_condition(given)
            return None
        return self.condition.values(given, count)

    def refuse_condition(self, given: Any) -> None:
        """Raise InputError if a condition is given, for what takes none."""
        if given is not None:
            raise InputError("the model draws without a condition: leave it out")


class Draws(Task):
    """Makes new examples from a seed."""

    verb = "draw new examples"

    @property
    @abc.abstractmethod
    def gives(self) -> Modality:
        """What an example is."""

    @abc.abstractmethod
    def generate(self, count: int, seed: int = 0, condition: Any = None) -> Any:
        """`count` new examples, as `gives` has them; the same for the same arguments.

        Draws only from `seed`, never from the training streams. Further keyword arguments are the recipe's
        `sample_options`.

        Args:
            count: how many.
            seed: of all that is drawn.
            condition: one for all, or one for each; None spreads them over all kinds.
        """

    def generate_batches(self, count: int, seed: int = 0, condition: Any = None, **options: Any) -> Iterator[Any]:
        """What `generate` makes, in batches: for more examples than fit in memory."""
        yield self.generate(count, seed, condition, **options)


class Decodes(Draws):
    """Makes examples of latent vectors, which have a Gaussian prior."""

    verb = "decode latent vectors"

    latent_dim: int
    """Length of the latent vector."""

    @abc.abstractmethod
    def decode(self, latents: np.ndarray, condition: Any = None) -> Any:
        """Examples of given latents, as `gives` has them.

        Args:
            latents: `[count, latent_dim]`.
            condition: one for all, or one for each; None spreads them over all kinds.
        """

    def prior(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The Gaussian that latents are drawn from, as mean + factor · (standard normal numbers).

        Returns:
            None for the standard normal distribution; otherwise the mean `[latent_dim]` and the factor, a matrix
            `[latent_dim, latent_dim]`, or `[latent_dim]` for its diagonal.
        """
        return None

    def latents(self, count: int, seed: int, truncation: float | None = None) -> np.ndarray:
        """Draws from the prior: float32 `[count, latent_dim]`.

        Args:
            count: how many.
            seed: the same seed gives the same draws.
            truncation: of the normal numbers that they are made of; see `latent_space.standard_normal`.
        """
        return self.from_normal(standard_normal((count, self.latent_dim), seed, truncation))

    def latent_batches(self, count: int, seed: int, truncation: float | None = None) -> Iterator[np.ndarray]:
        """The draws of `latents`, `[at most NORMAL_BATCH, latent_dim]` at a time."""
        return map(self.from_normal, normal_batches(count, self.latent_dim, seed, truncation))

    def from_normal(self, normal: np.ndarray) -> np.ndarray:
        """Standard normal numbers `[..., latent_dim]` -> draws from the prior, float32 of the same shape."""
        prior = self.prior()
        if prior is None:
            return normal.astype("float32")
        mean, factor = prior
        return (mean + (normal @ factor.T if factor.ndim == 2 else normal * factor)).astype("float32")

    def latent_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of what `latents` draws, in each dimension: `[latent_dim]`."""
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
        """Examples on the way between random latents, an array `[rows, frames, ...]`.

        Spherical interpolation (White 2016) keeps the norm of the latents typical of the prior all the way.
        """
        start, end = self.latents(2 * rows, seed, truncation).reshape(rows, 2, -1).swapaxes(0, 1)
        return interpolation(self, start, end, frames, way, condition)


class Streams(Draws):
    """Draws one example piece by piece, to be shown as it comes."""

    verb = "draw examples piece by piece"

    @abc.abstractmethod
    def pieces(self, seed: int = 0, condition: Any = None) -> Iterator[str]:
        """The text of one example in pieces, as soon as each is known; further arguments as for `generate`."""


class Transforms(Task):
    """Gives an output for each input, of the same or another modality."""

    verb = "transform inputs"

    @property
    @abc.abstractmethod
    def takes(self) -> Modality:
        """What an input is."""

    @property
    @abc.abstractmethod
    def gives(self) -> Modality:
        """What an output is; of a model that draws, too, what an example is."""

    @property
    def transformed(self) -> Modality:
        """What an output is, where that is not what the model draws."""
        return self.gives

    @abc.abstractmethod
    def transform(self, inputs: Any, seed: int = 0, condition: Any = None) -> Any:
        """An output for each input, as `gives` has them; the same for the same arguments.

        Further keyword arguments are the recipe's `transform_options`.

        Args:
            inputs: rows, as `takes` has them.
            seed: of what is drawn, if anything is.
            condition: one for all, or one for each; None spreads them over all kinds.
        """


class Answers(Transforms):
    """Answers what was said in a conversation, of which an input holds the latest turns, a line each."""

    verb = "answer"

    @property
    @abc.abstractmethod
    def turns(self) -> int:
        """How many turns an input holds."""


class Encodes(Task):
    """Finds a vector for each input."""

    verb = "encode inputs"

    latent_dim: int
    """Length of the vector."""

    @property
    @abc.abstractmethod
    def takes(self) -> Modality:
        """What an input is."""

    @abc.abstractmethod
    def encode(self, inputs: Any) -> np.ndarray:
        """Vectors float32 `[count, latent_dim]` of inputs."""

    def encodings(self, inputs: Any) -> dict[str, np.ndarray]:
        """All that is known of each input's place, by name: float32 `[count, latent_dim]`."""
        return {"latent": self.encode(inputs)}

    def refuse_unknown(self, inputs: Any) -> None:
        """Raise InputError if inputs have what the model never learnt to read; of most kinds there is nothing."""

    def activity(self, inputs: Any) -> np.ndarray:
        """How much each latent dimension tells about inputs: float32 `[latent_dim]`; by default its variance."""
        return self.encode(inputs).var(axis=0)


class Scores(Task):
    """Gives each input a number."""

    verb = "score inputs"

    score_meaning: str
    """What it says, with its unit, for people."""

    @property
    @abc.abstractmethod
    def takes(self) -> Modality:
        """What an input is."""

    @abc.abstractmethod
    def score(self, inputs: Any) -> np.ndarray:
        """float32 `[count]`."""


class Forecasts(Task):
    """Goes on where a history ends."""

    verb = "forecast"

    @property
    @abc.abstractmethod
    def takes(self) -> Modality:
        """What a history is."""

    @abc.abstractmethod
    def forecast(self, history: Any, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """The mean of the next values, and their standard deviation around it, both float64 `[steps, ...]`.

        Args:
            history: `[time, ...]`.
            steps: how many.
        """


class Explains(Task):
    """Shows why it expects what it expects of an input."""

    verb = "explain what it expects"

    @property
    @abc.abstractmethod
    def takes(self) -> Modality:
        """What an input is."""

    @abc.abstractmethod
    def explain(self, value: Any, title: str) -> dict[str, Preview]:
        """What there is to see of one input, by name: pictures, and HTML pages as text.

        Args:
            value: one input.
            title: of the pages.
        """


TASKS: tuple[type[Task], ...] = (Draws, Transforms, Encodes, Scores, Forecasts, Explains)


def modality_of(model: Any) -> Modality:
    """What the examples of a model's source are: what it takes, or where it takes nothing what it draws."""
    takes = next((task for task in tasks_of(model) if task is not Draws), None)
    modality: Modality = model.gives if takes is None else model.takes
    return modality


def tasks_of(model: Any) -> list[type[Task]]:
    """The tasks of a model or of a model class."""
    kind = model if isinstance(model, type) else type(model)
    return [task for task in TASKS if issubclass(kind, task)]
