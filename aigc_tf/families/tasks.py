"""What a model can do: a small base class for each task. Commands, cards and tests ask these, never names."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.modalities.base import Modality

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
            if given is not None:
                raise InputError("the model draws without a condition: leave it out")
            return None
        return self.condition.values(given, count)


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


class Streams(Draws):
    """Draws one example piece by piece, to be shown as it comes."""

    @abc.abstractmethod
    def pieces(self, seed: int = 0, condition: Any = None, **options: Any) -> Iterator[str]:
        """The text of one example in pieces, as soon as each is known."""


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
        """What an output is."""

    @abc.abstractmethod
    def transform(self, inputs: Any, seed: int = 0, condition: Any = None) -> Any:
        """An output for each input, as `gives` has them; the same for the same arguments.

        Further keyword arguments are the recipe's `transform_options`.

        Args:
            inputs: rows, as `takes` has them.
            seed: of what is drawn, if anything is.
            condition: one for all, or one for each; None spreads them over all kinds.
        """


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


TASKS: tuple[type[Task], ...] = (Draws, Transforms, Encodes, Scores, Forecasts)


def tasks_of(model: Any) -> list[type[Task]]:
    """The tasks of a model or of a model class."""
    kind = model if isinstance(model, type) else type(model)
    return [task for task in TASKS if issubclass(kind, task)]
