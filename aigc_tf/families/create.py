"""Creation of models from recipes."""

from __future__ import annotations

import fnmatch
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from aigc_tf.errors import InputError, listed
from aigc_tf.families.base import GenerativeModel
from aigc_tf.nn.keras_internals import flat_layers
from aigc_tf.recipes.base import Recipe, flatten
from aigc_tf.recipes.fields import MAX_COUNT
from aigc_tf.recipes.settings import MAX_SEED
from aigc_tf.references import resolve


def create(recipe: Recipe, **assets: Any) -> GenerativeModel:
    """The untrained model of `recipe`, built and compiled; the same weights for the same seed.

    Sets the global seeds of Python, NumPy and TensorFlow: Keras's initialisers and Dropout layers draw
    their own seeds from them.

    Args:
        recipe: of the model.
        assets: those named in the recipe's `assets`, such as the `vocabulary` of a text model.

    Raises:
        ValueError: other assets are needed.
        InputError: the networks do not fit in memory, or a number is absurd.
    """
    if set(assets) != set(recipe.assets):
        wanted = ", ".join(recipe.assets) or "none"
        raise ValueError(f"{type(recipe).__name__} needs these assets of its source: {wanted}")
    refuse_absurd_numbers(recipe)
    keras.utils.set_random_seed(recipe.seed)
    try:
        makers = {role: resolve(reference) for role, reference in recipe.networks.items()}
        made = {role: make(recipe, **asked_for(make, assets)) for role, make in makers.items()}
        networks = {role: network for role, network in made.items() if network is not None}
        freeze(networks, recipe.freeze)
        return resolve(recipe.model)(recipe, **networks, **assets)
    except (MemoryError, tf.errors.ResourceExhaustedError, tf.errors.InvalidArgumentError) as error:
        reason = str(error).partition("}} ")[2].partition(" on /job")[0].partition(" [Op")[0] or type(error).__name__
        raise InputError(f"the networks of {recipe.slug()} cannot be built this large: {reason}") from error


def asked_for(function: Callable[..., Any], assets: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the assets that a function has parameters for."""
    parameters = inspect.signature(function).parameters
    return {name: asset for name, asset in assets.items() if name in parameters}


def freeze(networks: Mapping[str, Any], patterns: Sequence[str]) -> None:
    """Freeze the layers whose `network/layer` matches one of the patterns.

    Args:
        networks: by role; for networks with several variants, such as a language model's, the variants' names count.
        patterns: shell-style: `encoder/*`, `generator/dense`.

    Raises:
        InputError: a pattern matches nothing, or nothing is left to train.
    """
    layers: dict[str, keras.layers.Layer] = {}
    for role, network in networks.items():
        forms = {role: network} if isinstance(network, keras.Model) else vars(network)
        for name, form in forms.items():
            if isinstance(form, keras.Model):
                layers |= {f"{name}/{layer.name}": layer for layer in form.layers if layer.weights}
    for pattern in patterns:
        fitting = fnmatch.filter(layers, pattern)
        if not fitting:
            raise InputError(f"freeze is {pattern!r}: no layer has such a name, choose among {listed(list(layers))}")
        for name in fitting:
            layers[name].trainable = False
    if patterns and not any(layer.trainable_variables for layer in layers.values()):
        raise InputError(f"freeze is {listed(list(patterns))}: nothing is left to train, freeze fewer layers")


def refuse_absurd_numbers(recipe: Recipe) -> None:
    """Raise InputError for integers that no tensor size can be, and for batch sizes that must be mistakes."""
    for name, value in flatten(recipe).items():
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int) and number > MAX_SEED:
                raise InputError(f"{name} is {number}: give at most {MAX_SEED}")
    if recipe.examples_per_step > MAX_COUNT:
        raise InputError(
            f"batch_size is {recipe.batch_size}, which makes {recipe.examples_per_step:,} examples per step: give "
            f"fewer, at most {MAX_COUNT:,} per step"
        )


def refuse_batch_of_one(recipe: Recipe, model: GenerativeModel) -> None:
    """Raise InputError for a batch size of 1 if the model normalizes only over the batch.

    The mean of one example is itself, so that only the layer's shift remains, whatever the example, and nothing is
    learnt from a latent before it.
    """
    if recipe.batch_size > 1:
        return
    for layer in flat_layers(model, include_self=False):
        if isinstance(layer, keras.layers.BatchNormalization) and layer.input_spec.ndim == 2:
            raise InputError(
                f"batch_size is 1, and batch normalization ({layer.name}) of a single example gives the same output "
                f"for all: {recipe.slug()} would learn nothing from its input, give at least 2"
            )
