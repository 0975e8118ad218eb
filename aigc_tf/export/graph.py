"""A Keras Functional network as a flat, editable list of calls, and its conversion back to a network.

Nested models are flattened and the batch size is fixed. The given network is never modified: layers are copied, their
weights read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.families.base import Signature
from aigc_tf.families.state import unique
from aigc_tf.nn.keras_internals import is_functional, nodes_in_order


@dataclass(eq=False)
class Value:
    """A tensor in the graph; compared by identity."""

    shape: tuple[int | None, ...]
    """Including the batch dimension, which may still be None here."""


@dataclass(eq=False)
class Block:
    """A layer with its config and weights, or a function.

    A layer that is called twice is one block with two calls.
    """

    name: str
    kind: type | Callable[..., Any]
    """The class of the layer, or the function."""
    config: dict[str, Any] | None = None
    """None means that `original` is called as it is."""
    weights: list[np.ndarray] = field(default_factory=list)
    original: Any = None

    def is_a(self, *kinds: type) -> bool:
        """Whether this is a layer of exactly one of these classes (a subclass might compute something else)."""
        return self.config is not None and self.kind in kinds

    def __getitem__(self, setting: str) -> Any:
        """A config entry of the layer."""
        return (self.config or {})[setting]


@dataclass(eq=False)
class Call:
    """One call of a block."""

    block: Block
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    outputs: list[Value]

    @property
    def inputs(self) -> list[Value]:
        """The tensors among its arguments."""
        leaves = keras.tree.flatten((self.arguments, self.keywords))
        return [leaf for leaf in leaves if isinstance(leaf, Value)]

    @property
    def is_plain(self) -> bool:
        """Whether it has a single tensor argument and nothing else that matters at inference."""
        keywords = {name: value for name, value in self.keywords.items() if value is not None}
        return (
            len(self.arguments) == 1
            and isinstance(self.arguments[0], Value)
            and len(self.outputs) == 1
            and not keywords.pop("training", False)
            and not keywords
        )


class Graph:
    """The calls of a network in execution order."""

    def __init__(self, network: keras.Model):
        if not is_network(network):
            raise ValueError(f"{network.name} is not a Functional or Sequential model: its graph cannot be read")
        self.name = network.name
        self.calls: list[Call] = []
        self._blocks: dict[int, Block] = {}
        self._input_tensors = list(network.inputs)
        self.inputs = [Value(tuple(tensor.shape)) for tensor in network.inputs]
        self.outputs = self._trace(network, self.inputs, prefix="")

    def _trace(self, network: keras.Model, inputs: list[Value], prefix: str) -> list[Value]:
        values = {id(tensor): value for tensor, value in zip(network.inputs, inputs, strict=True)}

        def as_value(leaf: Any) -> Any:
            return values.get(id(leaf), leaf)

        if isinstance(network, keras.Sequential):
            network = keras.Model(network.inputs, network.outputs)
        for node in nodes_in_order(network):
            if node.is_input or any(id(tensor) not in values for tensor in node.input_tensors):
                continue
            operation = node.operation
            arguments, keywords = keras.tree.map_structure(as_value, (node.arguments.args, node.arguments.kwargs))
            # Keras passes a list of masks to a network with several inputs, with None where there are none.
            if is_network(operation) and not any(keras.tree.flatten(keywords)):
                leaves = [leaf for leaf in keras.tree.flatten(arguments) if isinstance(leaf, Value)]
                outputs = self._trace(operation, leaves, f"{prefix}{operation.name}_")
            else:
                outputs = [Value(tuple(tensor.shape)) for tensor in node.outputs]
                block = self._blocks.setdefault(id(operation), make_block(operation, prefix))
                self.calls.append(Call(block, tuple(arguments), dict(keywords), outputs))
            values.update((id(tensor), value) for tensor, value in zip(node.outputs, outputs, strict=True))
        return [values[id(tensor)] for tensor in network.outputs]

    def producer(self, value: Value) -> Call | None:
        """The call that produces a tensor; None for an input."""
        return next((call for call in self.calls if value in call.outputs), None)

    def consumers(self, value: Value) -> list[Call]:
        """The calls that consume a tensor; listed twice if it is used twice."""
        return [call for call in self.calls for source in call.inputs if source is value]

    def only_consumer(self, value: Value) -> Call | None:
        """The only call that consumes a tensor; None if there are several or it is an output of the network."""
        consumers = self.consumers(value)
        return consumers[0] if len(consumers) == 1 and value not in self.outputs else None

    def uses(self, block: Block) -> list[Call]:
        """All calls of a block."""
        return [call for call in self.calls if call.block is block]

    def blocks(self) -> Iterator[Block]:
        """Each block once, in the order of its first call."""
        return iter(dict.fromkeys(call.block for call in self.calls))

    def bypass(self, call: Call) -> None:
        """Remove a call that passes through its only tensor."""
        self.calls.remove(call)
        source, target = call.arguments[0], call.outputs[0]
        for other in self.calls:
            other.arguments, other.keywords = keras.tree.map_structure(
                lambda leaf: source if leaf is target else leaf, (other.arguments, other.keywords)
            )
        self.outputs = [source if value is target else value for value in self.outputs]

    def append(self, after: Call, block: Block, *constants: Any) -> Call:
        """Apply a block to the output of a call, for all consumers of that output; returns the new call."""
        inner = Value(after.outputs[0].shape)
        call = Call(block, (inner, *constants), {}, after.outputs)
        after.outputs = [inner]
        self.calls.insert(self.calls.index(after) + 1, call)
        return call

    def prepend(self, before: Call, block: Block, *constants: Any) -> Call:
        """Apply a block to the input of a call, for that call only; returns the new call."""
        inner = Value(before.arguments[0].shape)
        call = Call(block, (before.arguments[0], *constants), {}, [inner])
        before.arguments = (inner, *before.arguments[1:])
        self.calls.insert(self.calls.index(before), call)
        return call

    def build(self, batch: int | None) -> keras.Model:
        """Build a Functional network from the calls, with a fixed batch size."""
        inputs = [
            keras.Input(batch_shape=(batch, *tensor.shape[1:]), dtype=tensor.dtype, name=tensor.name)
            for tensor in self._input_tensors
        ]
        tensors = {id(value): tensor for value, tensor in zip(self.inputs, inputs, strict=True)}
        layers: dict[int, Any] = {}
        names: set[str] = {tensor.name for tensor in inputs}
        for call in self.calls:
            arguments, keywords = keras.tree.map_structure(
                lambda leaf: tensors[id(leaf)] if isinstance(leaf, Value) else leaf, (call.arguments, call.keywords)
            )
            block = call.block
            if block.config is None:
                outputs = (block.original or block.kind)(*arguments, **keywords)
            elif id(block) in layers:
                outputs = layers[id(block)](*arguments, **keywords)
            else:
                layer = block.kind.from_config({**block.config, "name": unique(block.name, names)})  # type: ignore[union-attr]
                outputs = layer(*arguments, **keywords)
                layer.set_weights(block.weights)
                layers[id(block)] = layer
            leaves = keras.tree.flatten(outputs)
            tensors.update((id(value), tensor) for value, tensor in zip(call.outputs, leaves, strict=True))
        outputs = [tensors[id(value)] for value in self.outputs]
        return keras.Model(
            inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0], name=self.name
        )


def run(network: keras.Model, inputs: Sequence[Any]) -> list[Any]:
    """Run a network at inference: outputs in its order, for inputs in its order."""
    return keras.tree.flatten(network(keras.tree.pack_sequence_as(network.input, list(inputs)), training=False))


def traced(network: keras.Model, signature: Signature) -> Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]:
    """A network as a function of arrays by name, traced once for fixed shapes: for the steps of a sequence."""
    function = tf.function(lambda *inputs: run(network, inputs), reduce_retracing=True)

    def call(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        outputs = function(*(tf.convert_to_tensor(inputs[name]) for name in signature.inputs))
        return {name: output.numpy() for name, output in zip(signature.outputs, outputs, strict=True)}

    return call


def first_kernel(network: keras.Model, name: str) -> np.ndarray | None:
    """The kernel, `[inputs, units]`, of the dense layer that is the only reader of a network's input `[batch, inputs]`.

    An input that is concatenated with others first, as in conditional generators, gets its rows of that kernel.

    Args:
        network: a Functional model.
        name: name of the input.

    Returns:
        None if another kind of layer, or several layers, read the input.
    """
    position = [tensor.name for tensor in network.inputs].index(name)
    graph = Graph(network)
    latent = graph.inputs[position]
    first, before = graph.only_consumer(latent), 0
    if first is not None and first.block.is_a(keras.layers.Concatenate):
        joined = first.inputs
        before = sum(value.shape[-1] or 0 for value in joined[: joined.index(latent)])
        first = graph.only_consumer(first.outputs[0])
    if first is None or not first.block.is_a(keras.layers.Dense) or len(latent.shape) != 2:
        return None
    return first.block.weights[0][before : before + network.inputs[position].shape[1]]


def is_network(operation: Any) -> bool:
    """Whether this is a model that is nothing but a graph of layers, so that the graph can be read."""
    plain = type(operation).__call__ is keras.Model.__call__ and getattr(operation, "built", False)
    return plain and (
        is_functional(operation)
        or (isinstance(operation, keras.Sequential) and type(operation).call is keras.Sequential.call)
    )


def make_block(operation: Any, prefix: str) -> Block:
    """The block for a layer or operation.

    A layer that cannot be copied (no config, or one that contains a function) is used as it is.
    """
    name = prefix + operation.name
    if isinstance(operation, keras.layers.Layer):
        try:
            config = operation.get_config()
            type(operation).from_config(config)
        except (NotImplementedError, TypeError, ValueError):
            config = None
        if config is not None:
            return Block(name, type(operation), config, operation.get_weights(), operation)
    return Block(name, type(operation), original=operation)
