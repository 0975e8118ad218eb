"""Conditions from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aigc_tf.errors import InputError
from aigc_tf.families.tasks import Task


def parsed(model: Task, words: Sequence[str]) -> Any:
    """Words parsed as conditions of a model, one row each; None without words.

    Raises:
        InputError: the model takes no condition, or a word names none.
    """
    if not words:
        return None
    if model.condition is None:
        raise InputError("the model takes no condition: leave --condition (--labels) out")
    return model.condition.parse(words)


def rows_to_draw(model: Task, words: Sequence[str]) -> Any:
    """The conditions that get a row each in a grid: those requested, or else all kinds; None without any."""
    condition = model.condition
    if words or condition is None or not condition.kinds:
        return parsed(model, words)
    return condition.spread(len(condition.kinds))


def repeated(model: Task, rows: Any, times: int) -> Any:
    """Each condition repeated `times` times in a row."""
    assert model.condition is not None
    return model.condition.stack([row for row in rows for _ in range(times)])


def one(model: Task, words: Sequence[str]) -> Any:
    """The single condition of everything that is shown: the requested one, or else the first kind.

    Raises:
        InputError: several are requested, or none and the kinds cannot be listed.
    """
    if len(words) > 1:
        raise InputError(f"--condition (--labels) names {len(words)}: give one, since it applies to everything shown")
    if words or model.condition is None:
        return parsed(model, words)
    return model.condition.spread(1)
