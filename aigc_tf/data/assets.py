"""Assets: what a model needs to know about its source, kept in the run's folder so that the run opens without it."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np


class Asset(abc.ABC):
    """Facts about the training data that networks and models need: a vocabulary, classes, a guarantee.

    A run stores it as JSON. The methods with a default are hooks: their results appear wherever runs are shown.
    """

    explains_weights: ClassVar[bool] = True
    """Whether replacing it changes the meaning of learnt weights, as other symbols or other units do."""

    @abc.abstractmethod
    def to_json(self) -> str:
        """This asset as JSON."""

    @classmethod
    @abc.abstractmethod
    def from_json(cls, text: str) -> Self:
        """Parse the output of `to_json`.

        Raises:
            InputError: it is not valid.
        """

    def facts(self, step: int) -> dict[str, float]:
        """Facts about the model after `step` training steps, for the progress line, logs and evaluations."""
        return {}

    def card_section(self, step: int) -> str:
        """A section of the model card in Markdown, including its heading; empty for none."""
        return ""

    def reason_to_refuse(self, recorded: Any) -> str:
        """Why a run that recorded `recorded` cannot be resumed with this asset, and what to do; empty if it can."""
        return ""

    def numbers_in(self, other: Any) -> np.ndarray | None:
        """Map each of its ids to the id with the same meaning in another asset, -1 if there is none: int `[numbers]`.

        Weights with a row per id, such as embeddings, are copied from another run row by row.

        Returns:
            None if no weights have such rows.
        """
        return None

    def reason_to_refuse_start(self, learnt_from: bool) -> str:
        """Why a run with this asset cannot start from another run's weights; empty if it can.

        Args:
            learnt_from: whether those weights were trained on the same source, or this is not known.
        """
        return ""


def facts_of(assets: Mapping[str, Asset], step: int) -> dict[str, float]:
    """Facts about the model from several assets after `step` training steps, such as the ε of private training."""
    return {name: value for asset in assets.values() for name, value in asset.facts(step).items()}
