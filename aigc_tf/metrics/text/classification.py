"""Evaluation of text classifiers: accuracy, calibration, and confusion matrix."""

from __future__ import annotations

from aigc_tf.data.labelled.source import LabelledSource
from aigc_tf.data.source import evenly
from aigc_tf.families.classifies import Classifies
from aigc_tf.metrics.classification import BINS, accuracy, calibration_error, confusion, confusion_picture, nats
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.intervals import wilson_interval
from aigc_tf.metrics.text.simple_classifiers import MAJORITY, TFIDF, majority_probabilities, tfidf_probabilities
from aigc_tf.recipes.classify import Classify


class Classified(Evaluator):
    """Classification of held-out texts, compared with TF-IDF and logistic regression on the same texts.

    Figures:

    - accuracy, higher is better, and the ends of its 95 % interval (Wilson 1927), accuracy_low and accuracy_high;
    - nats, the mean of -log p of the true class, lower is better;
    - calibration_error (ECE), lower is better.
    """

    def measure(self, model: Classifies, source: LabelledSource, recipe: Classify, request: Request) -> Measurement:
        """Measured on at most `request.samples` texts of the part; see `Evaluator.measure`."""
        split = source.part(request.part).labelled()
        rows = evenly(len(split), request.samples)
        texts, labels = [split.texts[row] for row in rows], split.labels[rows]
        found = model.probabilities(texts)
        beside = {
            TFIDF: tfidf_probabilities(source, texts),
            MAJORITY: majority_probabilities(source, len(texts)),
        }
        readings = {"accuracy": accuracy, "nats": nats, "calibration_error": calibration_error}
        figures = {
            name: Figure(
                read(found, labels),
                "higher" if name == "accuracy" else "lower",
                {method: read(theirs, labels) for method, theirs in beside.items()},
            )
            for name, read in readings.items()
        }
        low, high = wilson_interval(figures["accuracy"].value, len(texts))
        figures |= {"accuracy_low": Figure(low, "neither"), "accuracy_high": Figure(high, "neither")}
        taken = confusion(found, labels)
        names = source.classes.names
        protocol = {
            "texts": len(texts),
            "training texts with a label": len(source.train.labelled()),
            f"{request.part} split": source.split_in_words(request.part),
            "calibration": f"{BINS} bins of equal width",
            "confusion": {
                name: dict(zip(names, map(int, row), strict=True)) for name, row in zip(names, taken, strict=True)
            },
        }
        picture = Picture(confusion_picture(taken, names), "The classes of held-out texts and those predicted.")
        return Measurement(figures, protocol, {"confusion": picture})
