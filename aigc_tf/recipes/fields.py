"""Validation of the fields of recipes and of their parts, with one-line error messages."""

from __future__ import annotations

import abc
import dataclasses
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from aigc_tf.errors import InputError, closest

# Types are not coerced ("3" is not an integer), unknown names are errors, and no number is infinite.
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

MAX_COUNT = 10_000_000
"""Most examples, time steps or tokens that one call generates; a larger number is taken for a mistake."""

Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Fraction = Annotated[float, Field(ge=0, le=1)]
ProperFraction = Annotated[float, Field(ge=0, lt=1)]
"""Share that is kept or removed, where something has to be left."""


class Checked(abc.ABCMeta):
    """Metaclass of classes with validated fields: a call with invalid ones raises a one-line InputError."""

    def __call__(cls, *given: Any, **fields: Any) -> Any:
        """An object of the class.

        Raises:
            InputError: names each field that is unknown or has a wrong type or value.
        """
        try:
            return super().__call__(*given, **fields)
        except ValidationError as error:
            raise InputError(describe(error, cls)) from None


def describe(error: ValidationError, kind: type) -> str:
    """The faults of a dataclass in one line: `height is -1: Input should be greater than 0; ...`.

    Args:
        error: that its check raised.
        kind: the dataclass.
    """
    faults = []
    for fault in error.errors():
        *parents, name = [str(part) for part in fault["loc"]] or ["recipe"]
        place = ".".join([*parents, name]).encode("unicode_escape").decode()
        if fault["type"] == "value_error":
            faults.append(fault["msg"].removeprefix("Value error, "))
        elif fault["type"] == "unexpected_keyword_argument":
            faults.append(f"there is no field {place}: {_other_fields(kind, parents, name)}")
        else:
            faults.append(f"{place} is {fault['input']!r}: {fault['msg']}")
    return "; ".join(faults)


def _other_fields(kind: Any, parents: list[str], name: str) -> str:
    """A hint at the fields of a dataclass, or of a part of it, that may have been meant."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if parents:
        return _other_fields(fields[parents[0]].default, parents[1:], name)
    close = closest(name, fields)
    return f"did you mean {close}?" if close else f"it has {', '.join(fields)}"
