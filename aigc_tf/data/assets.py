"""What a model needs to know of its source: kept in the run's folder, so that a run opens without its source."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np


class Asset(abc.ABC):
    """Something about the training data that networks and models take: a vocabulary, classes, a guarantee.

    A run keeps it as JSON. The methods with a default are hooks: what they give appears wherever runs are shown.
    """

    explains_weights: ClassVar[bool] = True
    """Whether weights that were learnt with another one stand for something else: other symbols, other units."""

    @abc.abstractmethod
    def to_json(self) -> str:
        """This asset as JSON."""

    @classmethod
    @abc.abstractmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote.

        Raises:
            InputError: it is something else.
        """

    def facts(self, step: int) -> dict[str, float]:
        """What is true of the model after so many training steps: on the progress line, in logs and evaluations."""
        return {}

    def card_section(self, step: int) -> str:
        """A section of the model card in Markdown, from its heading on; empty for none."""
        return ""

    def reason_to_refuse(self, recorded: Any) -> str:
        """Why a run that keeps `recorded` cannot go on with this asset, with what to do; empty if it can."""
        return ""

    def numbers_in(self, other: Any) -> np.ndarray | None:
        """For each of its numbers the one of another asset that stands for the same, -1 if none: int `[numbers]`.

        Weights with a row for each number, such as embeddings, are taken from another run row by row.

        Returns:
            None if no weights have such rows.
        """
        return None

    def reason_to_refuse_start(self, learnt_from: bool) -> str:
        """Why a run with this asset cannot start from the weights of another run; empty if it can.

        Args:
            learnt_from: whether those weights have learnt from the same source, or it is not known.
        """
        return ""


def facts_of(assets: Mapping[str, Asset], step: int) -> dict[str, float]:
    """What several assets say is true of the model after so many training steps, such as the ε of private training."""
    return {name: value for asset in assets.values() for name, value in asset.facts(step).items()}
