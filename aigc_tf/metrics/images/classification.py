"""Image classification by models that learn from few labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.families.picture_classifier import TellsPictures
from aigc_tf.metrics import cache
from aigc_tf.metrics.classification import accuracy, confusion, confusion_picture, nats
from aigc_tf.metrics.evaluator import Curves, Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.intervals import wilson_interval
from aigc_tf.metrics.regression import Regression, regression
from aigc_tf.modalities.pictures import as_brightness

if TYPE_CHECKING:
    from aigc_tf.data.images.few_labels import FewLabelsSource
    from aigc_tf.data.images.source import Split

WATCHED = 1000  # pictures for the curves
MODEL, PIXELS = "model", "logistic regression of pixels"


class ClassifiedPictures(Evaluator):
    """Classification of held-out pictures, compared with logistic regression on pixels with the same labels.

    Figures: accuracy, higher is better, and the ends of its 95 % interval (Wilson 1927), accuracy_low and
    accuracy_high; class_nats, the mean of -log p of the true class, lower is better.
    """

    def measure(self, model: TellsPictures, source: FewLabelsSource, recipe: Any, request: Request) -> Measurement:
        """Measured on at most `request.samples` pictures of the part; see `Evaluator.measure`."""
        part = source.part(request.part).some(request.samples)
        labels, names = np.asarray(part.labels), source.class_names or ()
        found = told(model, source, part)
        right = {name: accuracy(probabilities, labels) for name, probabilities in found.items()}
        cost = {name: nats(probabilities, labels) for name, probabilities in found.items()}
        low, high = wilson_interval(right[MODEL], len(labels))
        figures = {
            "accuracy": Figure(right[MODEL], "higher", {PIXELS: right[PIXELS]}),
            "accuracy_low": Figure(low, "neither"),
            "accuracy_high": Figure(high, "neither"),
            "class_nats": Figure(cost[MODEL], "lower", {PIXELS: cost[PIXELS]}),
        }
        picture = confusion_picture(confusion(found[MODEL], labels), names)
        return Measurement(
            figures,
            {f"classified {request.part} pictures": len(labels), "labels used": len(source.used)},
            {"confusion": Picture(picture, "The classes of held-out pictures and those predicted.")},
        )


def told(model: TellsPictures, source: FewLabelsSource, part: Split) -> dict[str, np.ndarray]:
    """Class probabilities of a part's pictures, `[count, classes]`, by the model and by the baseline on pixels."""
    images, fitted = as_brightness(np.asarray(part.images)), regression_of_pixels(source)
    return {MODEL: model.probabilities(images), PIXELS: fitted.probabilities(images.reshape(len(images), -1))}


def regression_of_pixels(source: FewLabelsSource) -> Regression:
    """The baseline: fitted once per source, because training compares with it at every evaluation."""

    def fit() -> Regression:
        known = as_brightness(np.asarray(source.train.at(source.used).images))
        labels = np.asarray(source.train.labels)[source.used]
        return regression(known.reshape(len(known), -1), labels, len(source.class_names or ()))

    shape, used = np.shape(source.train.images), source.used.tobytes()
    return cache.shared().of(PIXELS, (source.fingerprint, source.validation_split, shape, used), fit)


def accuracy_curves(model: TellsPictures, source: FewLabelsSource, recipe: Any) -> Curves:
    """The accuracy on `WATCHED` pictures; see `Recipe.curves`."""
    del recipe
    part = source.watched.some(WATCHED)
    found = told(model, source, part)
    return {"accuracy": {name: accuracy(values, np.asarray(part.labels)) for name, values in found.items()}}
