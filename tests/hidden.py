"""Finds state that a training step changes and a checkpoint does not contain."""

from __future__ import annotations

from types import FunctionType, ModuleType

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.families.base import GenerativeModel


def numbers_in(model: object) -> dict[str, tuple[int, np.ndarray]]:
    """All numbers reachable from a model, by path: the object's id, and its value.

    Plain Python numbers count in objects of the package and of tests; Keras has many of its own.
    """
    found: dict[str, tuple[int, np.ndarray]] = {}
    seen: set[int] = set()
    waiting: list[tuple[str, object, bool]] = [("model", model, True)]
    while waiting:
        path, thing, ours = waiting.pop()
        if isinstance(thing, int | float | np.number):
            if ours:
                found[path] = (id(thing), np.asarray(thing))
            continue
        if id(thing) in seen or isinstance(thing, type | ModuleType | FunctionType | str | bytes):
            continue
        seen.add(id(thing))
        if isinstance(thing, keras.Variable | tf.Variable | np.ndarray):
            found[path] = (id(thing), np.copy(np.asarray(thing)))
        elif isinstance(thing, dict):
            waiting += [(f"{path}[{key!r}]", value, ours) for key, value in thing.items()]
        elif isinstance(thing, list | tuple | set):
            waiting += [(f"{path}[{index}]", value, ours) for index, value in enumerate(thing)]
        elif hasattr(thing, "__dict__"):
            package = type(thing).__module__.partition(".")[0]
            if package in ("aigc_tf", "keras", "tests"):
                ours = package != "keras"
                waiting += [(f"{path}.{name}", value, ours) for name, value in vars(thing).items()]
    return found


def changed_outside_the_state(model: GenerativeModel, batch: object) -> list[str]:
    """Paths of numbers that a training step changes and a checkpoint lacks; a first step creates lazy variables."""
    model.train_step(batch)
    before = numbers_in(model)
    kept = {id(variable) for variable in model.state().values()}
    kept |= {id(variable.value) for variable in model.state().values()}
    model.train_step(batch)
    after = numbers_in(model)
    return sorted(
        path
        for path in before.keys() | after.keys()
        if path not in before
        or path not in after
        or (after[path][0] not in kept and not np.array_equal(after[path][1], before[path][1]))
    )
