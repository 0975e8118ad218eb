"""The measured quality of models of images that are told the class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.metrics.images import samples as image_metrics
from aigc_tf.metrics.images.features import Kind, feature_network
from aigc_tf.metrics.images.reference import reference_features
from aigc_tf.recipes.images import ImageRecipe

if TYPE_CHECKING:
    from aigc_tf.data.images.labelled import LabelledSource


def evaluate(
    model: image_metrics.Generates,
    source: LabelledSource,
    recipe: ImageRecipe,
    samples: int = 10_000,
    seed: int = 0,
    kind: Kind = "auto",
) -> dict[str, Any]:
    """Measure generated images, and whether they are of the classes that were asked for.

    Args:
        model: `generate(count, seed)` gives images of the classes in turn, beginning with the first.
        source: its test split is the reference.
        recipe: `recipe.images` is the form of the images.
        samples: how many images are generated.
        seed: of the samples.
        kind: of the feature network of the distances; classes are always told by the classifier.

    Returns:
        All that `aigc_tf.metrics.images.samples.evaluate` says, and further floats:

        - class_agreement: the share of samples that a classifier trained on real images alone takes for the
          class that was asked for;
        - classifier_accuracy: the share of real test images that it takes for their class;
        - relative_class_agreement: the first over the second.

    Raises:
        InputError: too few samples or test images, or the feature network cannot be had.
    """
    report = image_metrics.evaluate(model, source, recipe, samples, seed, kind)
    network = feature_network(source, recipe.images, "classifier")
    classes = len(source.classes.names)
    agreeing = 0
    for chunk in image_metrics.generated_images(model, network.shape, samples, seed):
        agreeing += int((_likeliest(network.extract(chunk).probabilities) == np.arange(len(chunk)) % classes).sum())
    agreement = agreeing / samples
    told = _likeliest(reference_features(network, source).probabilities)
    accuracy = float(np.mean(told == source.test.labels))
    report |= {
        "class_agreement": agreement,
        "classifier_accuracy": accuracy,
        "relative_class_agreement": agreement / accuracy,
    }
    report["protocol"] |= {"classifier": network.name, "classifier_sha256": network.sha256, "classes": classes}
    return report


def _likeliest(probabilities: np.ndarray | None) -> np.ndarray:
    """The class that each row of probabilities `[n, classes]` favours, `[n]`."""
    assert probabilities is not None  # a classifier has classes
    return probabilities.argmax(axis=1)
