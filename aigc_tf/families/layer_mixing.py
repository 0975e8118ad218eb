"""Mixing two pictures inside the network that draws them: what a layer gives for each, in place of their latents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.families.inversion import drawing_network


class LayerMixer:
    """Draws pictures from one latent to another by moving the output of a layer in a straight line.

    At the last layers the pictures are merely laid over each other. What passes the layer by, as a label does, is left
    as it is.

    Args:
        model: decodes pictures by one network.
        layer: its name.

    Raises:
        InputError: there is no such layer, or no network from a latent to a picture.
    """

    def __init__(self, model: Any, layer: str) -> None:
        self.model = model
        self.network = drawing_network(model)
        found = {each.name: each for each in inner_layers(self.network)}
        if layer not in found:
            raise InputError(f"the network that draws has no layer {layer}: its layers are {', '.join(found)}")
        self.layer = found[layer]

    def mixed(self, start: np.ndarray, end: np.ndarray, frames: int, condition: Any = None) -> np.ndarray:
        """Pictures, float32 `[frames, height, width, channels]` in [0, 1].

        Args:
            start: the first latent, float32 `[latent_dim]`.
            end: the last one.
            frames: pictures, both ends included.
            condition: one for all pictures, if the model takes one.

        Raises:
            InputError: the layer is used several times for a picture, as in each step of a flow.
        """
        given: list[Any] = []
        call = self.layer.call

        def keep(*inputs: Any, **options: Any) -> Any:
            given.append(call(*inputs, **options))
            return given[-1]

        with called(self.layer, keep):
            self.drawn(np.stack([start, end]), condition)
        if len(given) != 1:
            raise InputError(f"the layer {self.layer.name} is used {len(given)} times for a picture: name another one")
        first, last = keras.ops.convert_to_numpy(given[0])
        moved = np.stack([(1 - t) * first + t * last for t in np.linspace(0, 1, frames)]).astype(first.dtype)
        with called(self.layer, lambda *inputs, **options: keras.ops.convert_to_tensor(moved)):
            return self.drawn(np.tile(start, (frames, 1)), condition)

    def drawn(self, latents: np.ndarray, condition: Any) -> np.ndarray:
        """What the network draws, layer by layer."""
        conditions = self.model.conditions(condition, len(latents))
        made = self.network(latents if conditions is None else [latents, conditions], training=False)
        return keras.ops.convert_to_numpy(made)


def inner_layers(network: keras.Model) -> Iterator[keras.Layer]:
    """Layers of a network in order, those of networks inside it in place of these; without inputs."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from inner_layers(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


@contextmanager
def called(layer: keras.Layer, call: Callable[..., Any]) -> Iterator[None]:
    """Inside, `call` is called in place of the layer's own method."""
    layer.call = call
    try:
        yield
    finally:
        del layer.call
