"""Evaluation of class-conditional image models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.images.drawing import Generates, generated_images
from aigc_tf.metrics.images.features import feature_network
from aigc_tf.metrics.images.reference import reference_features, reference_of
from aigc_tf.recipes.images import ImageRecipe

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource

REAL, CHANCE = "real images", "a random class"


class ClassAgreement(Evaluator):
    """Whether generated images show the requested classes.

    The samples cycle through the classes. A classifier trained only on real images predicts them, whichever feature
    network computes distances.

    Figures:

    - class_agreement: the share of samples that it assigns to the requested class, higher is better;
    - classifier_accuracy: its accuracy on real images of the part, with the classes weighted as requested;
    - relative_class_agreement: the ratio of the two, higher is better.
    """

    def measure(self, model: Generates, source: ImageSource, recipe: ImageRecipe, request: Request) -> Measurement:
        """Draw `request.samples` images of all classes; see `Evaluator.measure`.

        Raises:
            InputError: there are no samples, or no labelled images of several classes.
        """
        if request.samples < 1:
            raise InputError(f"samples is {request.samples}: at least 1 is needed to measure")
        network = feature_network(source, recipe.images, "classifier")
        asked = np.asarray(model.conditions(None, request.samples))
        chunks = generated_images(model, network.shape, request.samples, request.seed, request.sampling)
        told = np.concatenate([_likeliest(network.extract(chunk).probabilities) for chunk in chunks])
        agreement = float(np.mean(told == asked))
        of_real = _likeliest(reference_features(network, source, request.part).probabilities)
        accuracy = accuracy_at_mix(of_real, np.asarray(reference_of(source, request.part).labels), asked)
        classes = len(source.class_names or ())
        figures = {
            "class_agreement": Figure(agreement, "higher", {REAL: accuracy, CHANCE: 1 / classes}),
            "classifier_accuracy": Figure(accuracy, "neither"),
            "relative_class_agreement": Figure(agreement / accuracy if accuracy else 0.0, "higher"),
        }
        protocol = {"classifier": network.name, "classifier_sha256": network.sha256, "classes": classes}
        return Measurement(figures, protocol)


def accuracy_at_mix(told: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> float:
    """Accuracy reweighted to another mix of classes.

    Args:
        told: the predicted class of each image, int `[images]`.
        labels: its true class, int `[images]`.
        asked: classes whose frequencies are the weights, int `[samples]`; those without an image are ignored.

    Raises:
        InputError: none of them has an image.
    """
    classes, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    shares = np.bincount(places, told == labels) / counts
    weights = (asked[:, np.newaxis] == classes).sum(axis=0)
    if not weights.sum():
        raise InputError("no requested class has real images: measure another part")
    return float(np.average(shares, weights=weights))


def _likeliest(probabilities: np.ndarray | None) -> np.ndarray:
    """The most probable class of each row of probabilities `[n, classes]`, `[n]`."""
    assert probabilities is not None  # a classifier always gives probabilities
    return probabilities.argmax(axis=1)
