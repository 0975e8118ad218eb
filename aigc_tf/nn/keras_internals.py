"""Every private part of Keras 3.15 that the package uses, with the reason for each.

Private names are used only here, except for methods that are overridden by name and that Keras must keep calling:

- `FusedAdam._get_current_learning_rate` (`aigc_tf.nn.optimizers`): `apply` calls it before each update; it multiplies
  in the schedule, so that the learning rate stays a variable that can be set and saved.
- `FusedAdam._backend_update_step` (the same): `apply` calls it after clipping; Keras's own sums the gradients of the
  replicas, which are already averaged.
- `fast_layers.Conv2D.convolution_op`: `Conv2D.call` adds bias and activation afterwards.

tests/nn/test_keras_internals.py fails if a new version of Keras changes any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
from keras.src.models.functional import Functional  # the class of every network with a graph; not exported


def flat_layers(network: keras.Model, include_self: bool = True) -> list[keras.layers.Layer]:
    """All layers of a network, including those inside nested networks and wrappers, which `layers` does not list."""
    return list(network._flatten_layers(include_self=include_self))


def is_functional(operation: Any) -> bool:
    """Whether this is a plain Functional network, not a subclass with its own call; no public API tells them apart."""
    return isinstance(operation, Functional) and type(operation).call is Functional.call


def nodes_in_order(network: keras.Model) -> Iterator[Any]:
    """The nodes of a Functional network's graph in topological order; no public method lists them.

    These attributes of a node are used: `is_input`, `operation`, `arguments.args`, `arguments.kwargs`, `input_tensors`
    and `outputs`.
    """
    for depth in sorted(network._nodes_by_depth, reverse=True):
        yield from network._nodes_by_depth[depth]


def adam_moments(optimizer: keras.optimizers.Adam, variable: Any) -> tuple[Any, Any]:
    """Adam's first and second moments of a variable, which the fused update writes itself."""
    index = optimizer._get_variable_index(variable)
    return optimizer._momentums[index], optimizer._velocities[index]


def slots_of_weights(optimizer: keras.optimizers.Optimizer) -> dict[int, tuple[str, keras.Variable]]:
    """An optimizer's slot variables: id of the slot -> its kind, such as "momentums", and the weight.

    Keras keeps them as lists in the order of the weights; their own names contain numbers that depend on the process.
    """
    weights = optimizer._trainable_variables
    found = {}
    for attribute, slots in vars(optimizer).items():
        if not isinstance(slots, list) or len(slots) != len(weights) or attribute.endswith("_variables"):
            continue
        for weight, slot in zip(weights, slots, strict=True):
            if isinstance(slot, keras.Variable):
                found[id(slot)] = (attribute.strip("_"), weight)
    return found


def skip_symbolic_build(model: keras.Model) -> None:
    """Stop `fit` from building a model symbolically: with several devices it would use the mean of their batches."""
    model._maybe_symbolic_build = lambda **_: None


def seed_states(model: keras.Model) -> list[keras.Variable]:
    """The states of all seed generators of a model and its layers; no public API lists them."""
    states = (generator.state for layer in flat_layers(model) for generator in layer._seed_generators)
    return list({id(state): state for state in states}.values())
