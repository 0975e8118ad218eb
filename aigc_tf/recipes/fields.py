"""How the fields of recipes and of their parts are checked, and what is said of those that are wrong."""

from __future__ import annotations

import abc
import dataclasses
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from aigc_tf.errors import InputError, closest

# Types are not coerced ("3" is not an integer), unknown names are errors, and no number is infinite.
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

MAX_COUNT = 10_000_000
"""Of examples, steps of time or symbols that one call makes; more are asked for by mistake."""

Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Fraction = Annotated[float, Field(ge=0, le=1)]
ProperFraction = Annotated[float, Field(ge=0, lt=1)]
"""Of what is kept or taken away, where something has to be left."""


class Checked(abc.ABCMeta):
    """The class of classes with checked fields: a call with wrong ones raises an InputError of one line."""

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
    """What may have been meant instead of a field of a dataclass, or of a part of it."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if parents:
        return _other_fields(fields[parents[0]].default, parents[1:], name)
    close = closest(name, fields)
    return f"did you mean {close}?" if close else f"it has {', '.join(fields)}"
