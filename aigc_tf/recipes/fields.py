"""How the fields of recipes and of their parts are checked."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

# Types are not coerced ("3" is not an integer), unknown names are errors, and no number is infinite.
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

MAX_COUNT = 10_000_000
"""Of examples, steps of time or symbols that one call makes; more are asked for by mistake."""

Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Fraction = Annotated[float, Field(ge=0, le=1)]
ProperFraction = Annotated[float, Field(ge=0, lt=1)]
"""Of what is kept or taken away, where something has to be left."""
