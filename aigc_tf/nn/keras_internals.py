"""Every part of Keras 3.15 that the package uses and Keras does not promise to keep, with the reason for each.

Private names stand here and nowhere else, but for methods that are overridden by name, which Keras has to go on
calling:

- `FusedAdam._get_current_learning_rate` (`aigc_tf.nn.optimizers`): `apply` asks it before each update; the schedule is
  multiplied in there, so that the learning rate stays a variable that can be set and saved.
- `FusedAdam._backend_update_step` (the same): `apply` calls it after clipping; Keras's own adds up the gradients of
  the replicas, which are means already.
- `fast_layers.Conv2D.convolution_op`: `Conv2D.call` leaves bias and activation out of it.

tests/nn/test_keras_internals.py fails for each of them that a new version of Keras changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
from keras.src.models.functional import Functional  # the class of every network with a graph; not exported


def flat_layers(network: keras.Model, include_self: bool = True) -> list[keras.layers.Layer]:
    """All layers of a network, those inside nested networks and wrappers too: `layers` lists the outermost alone."""
    return list(network._flatten_layers(include_self=include_self))


def is_functional(operation: Any) -> bool:
    """Whether this is a Functional network that does what its graph says: no public class tells it from a subclass."""
    return isinstance(operation, Functional) and type(operation).call is Functional.call


def nodes_in_order(network: keras.Model) -> Iterator[Any]:
    """The calls in a Functional network's graph, each after those whose outputs it reads; no public method lists them.

    Of a node these are used: `is_input`, `operation`, `arguments.args`, `arguments.kwargs`, `input_tensors` and
    `outputs`.
    """
    for depth in sorted(network._nodes_by_depth, reverse=True):
        yield from network._nodes_by_depth[depth]


def adam_moments(optimizer: keras.optimizers.Adam, variable: Any) -> tuple[Any, Any]:
    """The running means of a variable's gradients and of their squares: a fused update writes them itself."""
    index = optimizer._get_variable_index(variable)
    return optimizer._momentums[index], optimizer._velocities[index]


def slots_of_weights(optimizer: keras.optimizers.Optimizer) -> dict[int, tuple[str, keras.Variable]]:
    """What an optimizer keeps for each weight: id of the slot -> its kind, such as "momentums", and the weight.

    Keras keeps them as lists in the order of the weights; their own names hold numbers that depend on the process.
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
    """Let `fit` take a model as it is: with several devices it would build it from the mean of their batches."""
    model._maybe_symbolic_build = lambda **_: None


def seed_states(model: keras.Model) -> list[keras.Variable]:
    """The states of all seed generators of a model and its layers; no public method tells them from other variables."""
    states = (generator.state for layer in flat_layers(model) for generator in layer._seed_generators)
    return list({id(state): state for state in states}.values())
