"""How good a classifier of texts is: accuracy, calibration, which classes are taken for which."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.labelled.source import LabelledSource
from aigc_tf.data.source import evenly
from aigc_tf.families.classifies import Classifies
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.intervals import wilson_interval
from aigc_tf.metrics.text.simple_classifiers import MAJORITY, TFIDF, majority_probabilities, tfidf_probabilities
from aigc_tf.recipes.classify import Classify

BINS = 15


class Classified(Evaluator):
    """The classes that held-out texts are taken for, beside TF-IDF with logistic regression on the same texts.

    Figures:

    - accuracy, higher is better, and the ends of its 95 % interval (Wilson 1927), accuracy_low and accuracy_high;
    - nats, the mean of -log p of the true class, lower is better;
    - calibration_error (ECE), lower is better.
    """

    def measure(self, model: Classifies, source: LabelledSource, recipe: Classify, request: Request) -> Measurement:
        """Of at most `request.samples` texts of the part; see `Evaluator.measure`."""
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
            "calibration": f"{BINS} bins of one width",
            "confusion": {
                name: dict(zip(names, map(int, row), strict=True)) for name, row in zip(names, taken, strict=True)
            },
        }
        picture = Picture(confusion_picture(taken, names), "The classes of held-out texts and what they are taken for.")
        return Measurement(figures, protocol, {"confusion": picture})


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The share of texts whose likeliest class is theirs.

    Args:
        probabilities: `[texts, classes]`.
        labels: int `[texts]`.
    """
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def nats(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The mean of -log p of the true class."""
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(of_truth, 1e-12)).mean())


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """ECE: by how much confidence and accuracy differ, on average over bins of confidence (Guo et al. 2017, eq. 3)."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    gaps = np.bincount(bins, right, BINS) - np.bincount(bins, confidence, BINS)
    return float(np.abs(gaps).sum() / counts.sum())


def confusion(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many texts of each class are taken for each: int64 `[classes, classes]`, a row for each true class."""
    classes = probabilities.shape[1]
    return np.bincount(labels * classes + probabilities.argmax(axis=1), minlength=classes**2).reshape(classes, classes)


def confusion_picture(taken: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """The shares of each row in colour, with the counts: uint8 `[height, width, 3]`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Sheet

    from aigc_tf.modalities.fonts import all_fonts, drawable

    side = 2.0 + 0.6 * len(names)
    sheet = Sheet(figsize=(side, side), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(sheet)
    panel = sheet.subplots()
    shares = taken / np.maximum(taken.sum(axis=1, keepdims=True), 1)
    panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    labels = [drawable(name) for name in names]
    with all_fonts():
        panel.set_xticks(range(len(names)), labels, rotation=90, parse_math=False)
        panel.set_yticks(range(len(names)), labels, parse_math=False)
    panel.set_xlabel("taken for")
    panel.set_ylabel("is")
    for (row, column), count in np.ndenumerate(taken):
        panel.text(column, row, count, ha="center", color="white" if shares[row, column] > 0.5 else "black")
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]
