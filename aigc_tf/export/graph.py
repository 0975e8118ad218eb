"""A Keras Functional network as a flat list of calls that the optimiser can edit, and back again.

Nested models are flattened, the batch size is fixed, and nothing touches the network that was given: layers
are copied, their weights read.
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
    """A tensor of the graph; compared by identity."""

    shape: tuple[int | None, ...]
    """With the batch dimension, which may still be None here."""


@dataclass(eq=False)
class Block:
    """What is called: a layer with its settings and weights, or a function without any.

    A layer that is called twice is one block in two calls.
    """

    name: str
    kind: type | Callable[..., Any]
    """The class of the layer, or the function."""
    config: dict[str, Any] | None = None
    """None: `original` is called as it is."""
    weights: list[np.ndarray] = field(default_factory=list)
    original: Any = None

    def is_a(self, *kinds: type) -> bool:
        """Whether this is a layer of exactly one of these classes (a subclass may compute something else)."""
        return self.config is not None and self.kind in kinds

    def __getitem__(self, setting: str) -> Any:
        """A setting of the layer."""
        return (self.config or {})[setting]


@dataclass(eq=False)
class Call:
    """One use of a block."""

    block: Block
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    outputs: list[Value]

    @property
    def inputs(self) -> list[Value]:
        """The tensors among the arguments."""
        leaves = keras.tree.flatten((self.arguments, self.keywords))
        return [leaf for leaf in leaves if isinstance(leaf, Value)]

    @property
    def is_plain(self) -> bool:
        """Called with one tensor and nothing else that matters at inference."""
        keywords = {name: value for name, value in self.keywords.items() if value is not None}
        return (
            len(self.arguments) == 1
            and isinstance(self.arguments[0], Value)
            and len(self.outputs) == 1
            and not keywords.pop("training", False)
            and not keywords
        )


class Graph:
    """The calls of a network in the order in which they run."""

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
            # Keras gives a network of several inputs a list of masks, of None where there are none.
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
        """The call that makes a tensor; None for an input."""
        return next((call for call in self.calls if value in call.outputs), None)

    def consumers(self, value: Value) -> list[Call]:
        """The calls that read a tensor; one that reads it twice is listed twice."""
        return [call for call in self.calls for source in call.inputs if source is value]

    def only_consumer(self, value: Value) -> Call | None:
        """The one call that reads a tensor; None if there are several or it is an output of the network."""
        consumers = self.consumers(value)
        return consumers[0] if len(consumers) == 1 and value not in self.outputs else None

    def uses(self, block: Block) -> list[Call]:
        """Every call of a block."""
        return [call for call in self.calls if call.block is block]

    def blocks(self) -> Iterator[Block]:
        """Every block once, in the order of its first call."""
        return iter(dict.fromkeys(call.block for call in self.calls))

    def bypass(self, call: Call) -> None:
        """Remove a call that passes its only tensor through."""
        self.calls.remove(call)
        source, target = call.arguments[0], call.outputs[0]
        for other in self.calls:
            other.arguments, other.keywords = keras.tree.map_structure(
                lambda leaf: source if leaf is target else leaf, (other.arguments, other.keywords)
            )
        self.outputs = [source if value is target else value for value in self.outputs]

    def append(self, after: Call, block: Block, *constants: Any) -> Call:
        """Apply a block to the output of a call, for everyone who read that output; returns the new call."""
        inner = Value(after.outputs[0].shape)
        call = Call(block, (inner, *constants), {}, after.outputs)
        after.outputs = [inner]
        self.calls.insert(self.calls.index(after) + 1, call)
        return call

    def prepend(self, before: Call, block: Block, *constants: Any) -> Call:
        """Apply a block to the input of a call, for that call alone; returns the new call."""
        inner = Value(before.arguments[0].shape)
        call = Call(block, (before.arguments[0], *constants), {}, [inner])
        before.arguments = (inner, *before.arguments[1:])
        self.calls.insert(self.calls.index(before), call)
        return call

    def build(self, batch: int | None) -> keras.Model:
        """A new Functional network of these calls, with a fixed batch size."""
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
    """The outputs of a network at inference, in its order, for its inputs in their order."""
    return keras.tree.flatten(network(keras.tree.pack_sequence_as(network.input, list(inputs)), training=False))


def traced(network: keras.Model, signature: Signature) -> Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]:
    """A network as a function of arrays by name, traced once for inputs of one form: for the steps of a sequence."""
    function = tf.function(lambda *inputs: run(network, inputs), reduce_retracing=True)

    def call(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        outputs = function(*(tf.convert_to_tensor(inputs[name]) for name in signature.inputs))
        return {name: output.numpy() for name, output in zip(signature.outputs, outputs, strict=True)}

    return call


def first_kernel(network: keras.Model, name: str) -> np.ndarray | None:
    """The kernel, `[inputs, units]`, of the dense layer that alone reads one of a network's inputs `[batch, inputs]`.

    An input that is joined with others first, as in conditional generators, has some of the layer's rows.

    Args:
        network: a Functional model.
        name: of the input.

    Returns:
        None if the input is read by another layer, or by several.
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
    """Whether this is a model made of a graph of layers and nothing else, so that the graph can be read."""
    plain = type(operation).__call__ is keras.Model.__call__ and getattr(operation, "built", False)
    return plain and (
        is_functional(operation)
        or (isinstance(operation, keras.Sequential) and type(operation).call is keras.Sequential.call)
    )


def make_block(operation: Any, prefix: str) -> Block:
    """The block of a layer or operation.

    A layer that cannot be copied (no config, or one that holds a function) is used itself.
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
