"""What of a run is judged: its own network, or the classifier by which models of its source are measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from scipy.special import softmax

from aigc_tf.data.classes import ClassNames
from aigc_tf.errors import InputError
from aigc_tf.families.judges import Judgement, Judges
from aigc_tf.families.latent import outputs_of
from aigc_tf.metrics.images import trained
from aigc_tf.modalities.base import Modality
from aigc_tf.modalities.pictures import Pictures, as_brightness
from aigc_tf.modalities.series import Series
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.images import ImageRecipe


def judgement_of(model: Any) -> Judgement:
    """How a model of pictures or series judges.

    Raises:
        InputError: it judges something else, or nothing.
    """
    if not isinstance(model, Judges):
        raise InputError(
            f"a {model.recipe.slug()} judges nothing by numbers that have gradients: name a run of an autoencoder, of "
            "a GAN of pictures without classes, of ar or classify"
        )
    if not isinstance(model.takes, Pictures | Series):
        raise InputError(f"it judges {model.takes.name}: maps are drawn of pictures, series and texts")
    return model.judgement()


def classifier_judgement(source: Any, recipe: Recipe) -> Judgement:
    """How the small classifier of a recipe's source judges (`aigc_tf.metrics.images.trained.classifier`).

    Raises:
        InputError: the source has no pictures, or no labels of several classes.
    """
    if not isinstance(recipe, ImageRecipe):
        raise InputError(f"a {recipe.slug()} learns no pictures: classifiers are of sources of pictures")
    shape = recipe.images.shape
    network = trained.classifier(source, shape)
    image = keras.Input(shape, name="input")
    logits = network(keras.layers.Rescaling(2.0, -1.0, name="to_unit")(image))["logits"]
    names = tuple(source.class_names or map(str, range(network.output_shape["logits"][-1])))
    return Judgement(keras.Model(image, logits, name="judge"), "the class", names)


def classes_told(source: Any, recipe: Recipe) -> tuple[Callable[[np.ndarray], np.ndarray], ClassNames]:
    """How that classifier tells classes apart: pictures -> probabilities `[count, classes]`, and their names."""
    judgement = classifier_judgement(source, recipe)

    def probabilities(pictures: np.ndarray) -> np.ndarray:
        found: np.ndarray = softmax(outputs_of(judgement.network, as_brightness(np.asarray(pictures))), axis=1)
        return found

    return probabilities, ClassNames(judgement.names)


def require_same_kind(takes: Modality, gives: Modality, who: str) -> None:
    """Raise InputError unless a classifier takes what a model draws, in the same size.

    Args:
        takes: what the classifier takes.
        gives: what the model draws.
        who: the classifier, in messages.
    """
    if takes.name != gives.name:
        raise InputError(f"{who} tells classes of {takes.name} apart, and this run draws {gives.name}")
    if isinstance(takes, Pictures) and isinstance(gives, Pictures) and takes.settings.shape != gives.settings.shape:
        sizes = ["x".join(map(str, one.settings.shape)) for one in (takes, gives)]
        raise InputError(f"{who} takes pictures of {sizes[0]}, and this run draws {sizes[1]}: train one on that size")


def prepared(judgement: Judgement, values: Any) -> np.ndarray:
    """Pictures, uint8 or in [0, 1], as float32 in [0, 1]; of series the last steps of time that are looked at.

    Raises:
        InputError: a series is too short.
    """
    shape = judgement.network.input_shape[1:]
    if len(shape) == 3:
        return as_brightness(np.asarray(values))
    short = min(map(len, values))
    if short < shape[0]:
        raise InputError(f"a series has {short} steps of time: {shape[0]} are looked at")
    return np.stack([np.asarray(value)[-shape[0] :] for value in values]).astype(np.float32)
