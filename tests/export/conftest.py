"""A generator to export: the one of article 002 §5.2, with random weights and statistics."""

from collections.abc import Callable
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from aigc_tf.families.base import Signature, TensorSpec

layers = keras.layers


def randomise(network: keras.Model, seed: int = 0) -> None:
    """Give every batch normalisation statistics other than 0 and 1, as after training."""
    rng = np.random.default_rng(seed)
    for layer in network._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            for variable in layer.weights:
                positive = variable.name in ("gamma", "moving_variance")
                values = rng.uniform(0.5, 1.5, variable.shape) if positive else rng.normal(0, 0.2, variable.shape)
                variable.assign(values)


def dcgan_generator(latent_dim: int, filters: tuple[int, int, int], channels: int = 1) -> keras.Model:
    """Latents `[batch, latent_dim]` to images `[batch, 28, 28, channels]` in [0, 1]."""
    x = inputs = keras.Input((latent_dim,), name="latent")
    x = layers.Dense(7 * 7 * filters[0], use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.8)(x)
    x = layers.Reshape((7, 7, filters[0]))(layers.LeakyReLU()(x))
    for width, strides in ((filters[1], 1), (filters[2], 2)):
        x = layers.Conv2DTranspose(width, 5, strides, "same", use_bias=False)(x)
        x = layers.LeakyReLU()(layers.BatchNormalization(momentum=0.8)(x))
    x = layers.Conv2DTranspose(channels, 5, 2, "same", use_bias=False, activation="tanh")(x)
    network = keras.Model(inputs, layers.Rescaling(0.5, 0.5)(x))
    randomise(network)
    return network


def normal_examples(**shapes: tuple[int, ...]) -> Callable[[int, int], dict[str, np.ndarray]]:
    """Standard normal inputs."""

    def examples(count: int, seed: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        return {name: rng.standard_normal((count, *shape)).astype("float32") for name, shape in shapes.items()}

    return examples


def model_of(network: keras.Model, name: str = "generate") -> SimpleNamespace:
    """A model with one signature: input `latent`, output `image`."""
    latent, image = tuple(network.inputs[0].shape[1:]), tuple(network.outputs[0].shape[1:])
    signature = Signature(
        network,
        {"latent": TensorSpec(latent, "standard normal")},
        {"image": TensorSpec(image, "grey value in [0, 1]")},
        normal_examples(latent=latent),
    )
    return SimpleNamespace(signatures=lambda source=None: {name: signature})


@pytest.fixture(scope="session")
def small_generator() -> SimpleNamespace:
    """A DCGAN generator with few channels."""
    keras.utils.set_random_seed(0)
    return model_of(dcgan_generator(16, (32, 16, 8)))
