"""Process-independent names for a model's variables, by the paths of their layers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from aigc_tf.nn.keras_internals import seed_states, slots_of_weights

MODEL = "model"
"""Prefix of the names of a model's own variables; those of optimizers begin with the optimizer's role."""


def named_state(model: keras.Model, optimizers: Mapping[str, keras.optimizers.Optimizer]) -> dict[str, keras.Variable]:
    """Every variable of a model and its optimizers by name.

    `model/generator/dense/kernel` is the kernel of the layer `dense` in the attribute `generator`; an optimizer's slot
    is named after the variable that it belongs to: `generator_optimizer/momentums/generator/dense/kernel`.
    """
    names = variable_names(model)
    state = {f"{MODEL}/{names[id(variable)]}": variable for variable in model.variables}
    for role, optimizer in optimizers.items():
        state |= {f"{role}/{name}": variable for name, variable in _slots(optimizer, names)}
    return state


def weights_hash(model: keras.Model) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a model's weights, by name."""
    digest = hashlib.sha256()
    for name, variable in sorted(named_state(model, {}).items()):
        if variable.dtype.startswith("float"):  # seed states change, weights identify a model
            digest.update(name.encode() + np.ascontiguousarray(variable.numpy()).tobytes())
    return digest.hexdigest()[:16]


def variable_names(model: keras.Model) -> dict[int, str]:
    """The name of each variable of a model by its id; a layer shared by several attributes is named by the first."""
    owned = {id(variable) for variable in model.variables}
    names: dict[int, str] = {}
    taken: set[str] = set()
    for attribute, value in vars(model).items():
        if attribute.startswith("_"):
            continue
        for path, variable in _variables_of(value, attribute):
            if id(variable) in owned and id(variable) not in names:
                names[id(variable)] = unique(path, taken)
    for variable in model.variables:  # of attributes that are not layers, variables or lists of these
        if id(variable) not in names:
            names[id(variable)] = unique(variable.name, taken)
    return names


def _variables_of(value: Any, path: str) -> Iterator[tuple[str, keras.Variable]]:
    if isinstance(value, keras.Variable):
        yield path, value
    elif isinstance(value, keras.random.SeedGenerator):
        yield f"{path}/state", value.state
    elif isinstance(value, keras.Model):
        for layer in value.layers:
            yield from _variables_of(layer, f"{path}/{layer.name}")
        yield from ((f"{path}/{variable.name}", variable) for variable in value.variables)
    elif isinstance(value, keras.Layer):
        # Not by the paths of sub-layers: Keras numbers the cells of recurrent layers depending on earlier ones.
        yield from ((f"{path}/{variable.name}", variable) for variable in value.variables)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            name = item.name if isinstance(item, keras.Variable | keras.Layer) else index
            yield from _variables_of(item, f"{path}/{name}")


def _slots(optimizer: keras.optimizers.Optimizer, names: Mapping[int, str]) -> Iterator[tuple[str, keras.Variable]]:
    """The variables of an optimizer; lists with one per weight, such as Adam's moments, have the weights' names."""
    slots = {slot: f"{kind}/{names[id(weight)]}" for slot, (kind, weight) in slots_of_weights(optimizer).items()}
    taken: set[str] = set()
    for variable in optimizer.variables:
        yield unique(slots.get(id(variable), variable.name), taken), variable


def unique(name: str, taken: set[str]) -> str:
    """The name, with a number appended if it is taken; marks it as taken."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    taken.add(candidate)
    return candidate


def random_states(model: Any) -> dict[str, keras.Variable]:
    """The states of a `GenerativeModel`'s random generators."""
    streams = {id(state) for state in seed_states(model)}
    return {name: variable for name, variable in model.state().items() if id(variable) in streams}


def adopt(model: Any, other: Any) -> tuple[list[str], list[str]]:
    """Copy weights and statistics that match by name and shape from another model, but not random generators.

    Args:
        model: a `GenerativeModel`.
        other: another one, with any recipe.

    Returns:
        Names of the weights that were copied, and of those that were left unchanged.
    """
    given, streams = other.state(), random_states(model)
    taken: list[str] = []
    left: list[str] = []
    for name, variable in model.state().items():
        if not name.startswith(f"{MODEL}/") or name in streams:
            continue
        fits = name in given and given[name].shape == variable.shape and given[name].dtype == variable.dtype
        (taken if fits else left).append(name)
        if fits:
            variable.assign(given[name].numpy())
    return taken, left


# The symbol axis of weights with a row or column for each symbol: embeddings, and the output layer of logits.
_NUMBERED = {"embeddings": 0, "logits/kernel": -1, "logits/bias": 0}


def known_rows(model: Any, other: Any, numbers: np.ndarray, count: int) -> dict[str, np.ndarray]:
    """A model's weights with a row for each symbol, with the rows of shared symbols taken from another model.

    Args:
        model: a `GenerativeModel`, which is not changed.
        other: another one, with the same layers.
        numbers: for each of the model's symbols its id in the other model, -1 if none: int `[symbols]`.
        count: number of symbols of the other.

    Returns:
        The values by name; rows of symbols unknown to the other are the model's own.
    """
    given, found = other.state(), {}
    known = np.flatnonzero(numbers >= 0)
    for name, variable in model.state().items():
        ending = next((ending for ending in _NUMBERED if name.endswith(f"/{ending}")), None)
        if not name.startswith(f"{MODEL}/") or ending is None or name not in given:
            continue
        mine, theirs = (np.moveaxis(each.numpy(), _NUMBERED[ending], 0).copy() for each in (variable, given[name]))
        if (len(mine), len(theirs)) == (len(numbers), count) and mine.shape[1:] == theirs.shape[1:]:
            mine[known] = theirs[numbers[known]]
            found[name] = np.moveaxis(mine, 0, _NUMBERED[ending])
    return found


def positional_state(
    model: keras.Model, optimizers: Mapping[str, keras.optimizers.Optimizer]
) -> dict[str, keras.Variable]:
    """The variables by their names in checkpoints of version 0.1, without the last part: `model/003`."""
    groups = {MODEL: model.variables} | {role: optimizer.variables for role, optimizer in optimizers.items()}
    return {
        f"{group}/{index:03d}": variable
        for group, variables in groups.items()
        for index, variable in enumerate(variables)
    }
