"""Class names and numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from aigc_tf.data.assets import Asset
from aigc_tf.errors import InputError

_NAMED_AT_MOST = 20


@dataclass(frozen=True)
class ClassNames(Asset):
    """The class names of a source, by class number."""

    names: tuple[str, ...]

    def numbers(self, labels: Sequence[str | int]) -> np.ndarray:
        """Classes given by name or number as int32 `[count]`.

        Integers are class numbers, whatever the names are. Text is a name, or else the digits of a number.

        Raises:
            InputError: there is no such class.
        """
        return np.array([self._number(label) for label in labels], np.int32)

    def _number(self, label: str | int) -> int:
        if isinstance(label, str):
            if label in self.names:
                return self.names.index(label)
            number = int(label) if label.isdecimal() else None
        else:  # not looked up among the names, which are numerals if the labels of a source are numbers
            number = label if isinstance(label, int | np.integer) else None
        if number is not None and 0 <= number < len(self.names):
            return int(number)
        more = ", ..." if len(self.names) > _NAMED_AT_MOST else ""
        known = ", ".join(self.names[:_NAMED_AT_MOST]) + more
        kind = "class" if isinstance(label, str) else "class number"
        raise InputError(
            f"there is no {kind} {label}: choose one of {known}, or its number from 0 to {len(self.names) - 1}"
        )

    def to_json(self) -> str:
        """These classes as JSON."""
        return json.dumps({"names": self.names}, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse the output of `to_json`.

        Raises:
            InputError: it is not valid.
        """
        try:
            return cls(tuple(str(name) for name in json.loads(text)["names"]))
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"classes.json is not a list of classes: {error}") from None


def few_of_each(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """Rows of `per_class` random labels of each class, or all if there are fewer: int64, ascending."""
    random = np.random.default_rng(seed)
    drawn = random.permutation(len(labels))
    chosen = [drawn[labels[drawn] == number][:per_class] for number in np.unique(labels)]
    return np.sort(np.concatenate(chosen))
