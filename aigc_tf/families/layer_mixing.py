"""Interpolating two pictures in the features of a decoder's layer, in place of their latents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.families.inversion import drawing_network


class LayerMixer:
    """Interpolates between two latents linearly in the output of a layer.

    In the last layers this merely cross-fades the pictures. Inputs that bypass the layer, such as a label, stay the
    same.

    Args:
        model: decodes pictures with one network.
        layer: name of the layer.

    Raises:
        InputError: there is no such layer, or no network from a latent to a picture.
    """

    def __init__(self, model: Any, layer: str) -> None:
        self.model = model
        self.network = drawing_network(model)
        found = {each.name: each for each in inner_layers(self.network)}
        if layer not in found:
            raise InputError(f"the generating network has no layer {layer}: its layers are {', '.join(found)}")
        self.layer = found[layer]

    def mixed(self, start: np.ndarray, end: np.ndarray, frames: int, condition: Any = None) -> np.ndarray:
        """Pictures, float32 `[frames, height, width, channels]` in [0, 1].

        Args:
            start: the first latent, float32 `[latent_dim]`.
            end: the last one.
            frames: pictures, including both ends.
            condition: one for all pictures, if the model takes one.

        Raises:
            InputError: the layer is used several times for a picture, such as in each step of a flow.
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
        """Decode eagerly, layer by layer, so that the call of a layer can be replaced."""
        conditions = self.model.conditions(condition, len(latents))
        made = self.network(latents if conditions is None else [latents, conditions], training=False)
        return keras.ops.convert_to_numpy(made)


def inner_layers(network: keras.Model) -> Iterator[keras.Layer]:
    """Layers of a network in order, with nested networks replaced by their layers; without inputs."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from inner_layers(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


@contextmanager
def called(layer: keras.Layer, call: Callable[..., Any]) -> Iterator[None]:
    """A context in which `call` replaces the layer's own method."""
    layer.call = call
    try:
        yield
    finally:
        del layer.call
