"""The predictor that is examined: a run's own network, or the classifier used to evaluate models of its source."""

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
    """How a model of images or series predicts.

    Raises:
        InputError: it predicts something else, or nothing.
    """
    if not isinstance(model, Judges):
        raise InputError(
            f"a {model.recipe.slug()} has no score with gradients: name a run of an autoencoder, of "
            "a GAN of pictures without classes, of ar or classify"
        )
    if not isinstance(model.takes, Pictures | Series):
        raise InputError(f"it judges {model.takes.name}: maps are available for pictures, series and texts")
    return model.judgement()


def classifier_judgement(source: Any, recipe: Recipe) -> Judgement:
    """The predictions of the small classifier of a recipe's source (`aigc_tf.metrics.images.trained.classifier`).

    Raises:
        InputError: the source has no images, or no labels with several classes.
    """
    if not isinstance(recipe, ImageRecipe):
        raise InputError(f"a {recipe.slug()} is not trained on pictures: classifiers need a source of pictures")
    shape = recipe.images.shape
    network = trained.classifier(source, shape)
    image = keras.Input(shape, name="input")
    logits = network(keras.layers.Rescaling(2.0, -1.0, name="to_unit")(image))["logits"]
    names = tuple(source.class_names or map(str, range(network.output_shape["logits"][-1])))
    return Judgement(keras.Model(image, logits, name="judge"), "the class", names)


def classes_told(source: Any, recipe: Recipe) -> tuple[Callable[[np.ndarray], np.ndarray], ClassNames]:
    """That classifier as a function, images -> probabilities `[count, classes]`, and the class names."""
    judgement = classifier_judgement(source, recipe)

    def probabilities(pictures: np.ndarray) -> np.ndarray:
        found: np.ndarray = softmax(outputs_of(judgement.network, as_brightness(np.asarray(pictures))), axis=1)
        return found

    return probabilities, ClassNames(judgement.names)


def require_same_kind(takes: Modality, gives: Modality, who: str) -> None:
    """Raise InputError unless a classifier takes what a model generates, in the same size.

    Args:
        takes: the classifier's input.
        gives: the model's output.
        who: name of the classifier in messages.
    """
    if takes.name != gives.name:
        raise InputError(f"{who} classifies {takes.name}, and this run generates {gives.name}")
    if isinstance(takes, Pictures) and isinstance(gives, Pictures) and takes.settings.shape != gives.settings.shape:
        sizes = ["x".join(map(str, one.settings.shape)) for one in (takes, gives)]
        raise InputError(
            f"{who} takes pictures of {sizes[0]}, and this run generates {sizes[1]}: train one on that size"
        )


def prepared(judgement: Judgement, values: Any) -> np.ndarray:
    """Images, uint8 or in [0, 1], as float32 in [0, 1]; of series the last time steps that the model sees.

    Raises:
        InputError: a series is too short.
    """
    shape = judgement.network.input_shape[1:]
    if len(shape) == 3:
        return as_brightness(np.asarray(values))
    short = min(map(len, values))
    if short < shape[0]:
        raise InputError(f"a series has {short} time steps: {shape[0]} are needed")
    return np.stack([np.asarray(value)[-shape[0] :] for value in values]).astype(np.float32)
