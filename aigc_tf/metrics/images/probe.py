"""Evaluation of self-supervised image encoders: linear probes with few labels, and the pretext task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.classes import few_of_each
from aigc_tf.errors import InputError
from aigc_tf.metrics.distances import nearest
from aigc_tf.metrics.evaluator import Curves, Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.images.image_quality import decibels
from aigc_tf.metrics.regression import regression
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.modalities.pictures import as_brightness

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource, Split
    from aigc_tf.families.representation.masked import MaskedAutoencoder
    from aigc_tf.families.representation.model import PictureEncoder
    from aigc_tf.families.representation.simclr import SimCLR

PER_CLASS = (10, 50)
DRAWS = 3  # of the labels; figures are means over them
WATCHED = 1000  # pictures for the curves
PIXELS, MODEL = "logistic regression of pixels", "model"
RECOGNISED, SEARCHED = 500, 5000
_SHOWN = 8


class Probed(Evaluator):
    """A linear probe: logistic regression on frozen embeddings with few labels, compared with that on pixels.

    Figures: accuracy_of_10_labels and accuracy_of_50_labels (of each class), means over draws of the labels, higher
    is better. Without labels nothing is measured.
    """

    def measure(self, model: PictureEncoder, source: ImageSource, recipe: Any, request: Request) -> Measurement:
        """Measured on at most `request.samples` pictures of the part; see `Evaluator.measure`."""
        part = source.part(request.part).some(request.samples)
        if source.train.labels is None or part.labels is None:
            return Measurement({}, {"probe": f"{source.name} has no labels"})
        figures = {}
        for per_class in PER_CLASS:
            found = [
                probe_accuracies(model, source, part, per_class, request.seed + draw, source.class_names or ())
                for draw in range(DRAWS)
            ]
            means = {name: float(np.mean([each[name] for each in found])) for name in found[0]}
            own = means.pop(MODEL)
            figures[f"accuracy_of_{per_class}_labels"] = Figure(own, "higher", means)
        probe = f"L2-regularised logistic regression over standardised vectors, {DRAWS} draws of the labels"
        return Measurement(figures, {"probe": probe, f"probed {request.part} pictures": len(part.images)})


def probe_accuracies(
    model: PictureEncoder, source: ImageSource, part: Split, per_class: int, seed: int, names: tuple[str, ...]
) -> dict[str, float]:
    """Accuracy of logistic regression on the model's embeddings and on pixels, with the same few labels.

    Args:
        model: the encoder.
        source: of labelled training pictures, from which the labels are drawn.
        part: labelled pictures on which accuracy is measured.
        per_class: labels of each class.
        seed: of their choice.
        names: of the classes.
    """
    labels = np.asarray(source.train.labels)
    rows = few_of_each(labels, per_class, seed)
    pictures = [as_brightness(np.asarray(split.images)) for split in (source.train.at(rows), part)]
    found = {}
    for name in (MODEL, PIXELS):
        learnt, asked = (model.encode(some) if name == MODEL else some.reshape(len(some), -1) for some in pictures)
        fitted = regression(learnt, labels[rows], len(names))
        found[name] = float(np.mean(fitted.probabilities(asked).argmax(axis=1) == part.labels))
    return found


def probe_curves(model: PictureEncoder, source: ImageSource, recipe: Any) -> Curves:
    """The accuracy of a linear probe with ten labels per class on `WATCHED` pictures; see `Recipe.curves`.

    It is for monitoring only: the best checkpoint is selected without labels.
    """
    del recipe
    part = source.watched.some(WATCHED)
    if source.train.labels is None or part.labels is None:
        return {}
    return {"probe_accuracy": probe_accuracies(model, source, part, PER_CLASS[0], 0, source.class_names or ())}


class Recognised(Evaluator):
    """Retrieval of a picture by another view of it: the share of views whose nearest is of the same picture.

    Figure: recognised, among 500 pictures, higher is better, compared with cosine similarity of pixels.
    """

    def measure(self, model: SimCLR, source: ImageSource, recipe: Any, request: Request) -> Measurement:
        """Measured on at most 500 pictures of the part; see `Evaluator.measure`.

        Raises:
            InputError: the part has fewer than two pictures.
        """
        images = as_brightness(source.inputs(request.part, min(RECOGNISED, request.samples)))
        if len(images) < 2:
            raise InputError(f"{source.name} has {len(images)} {request.part} pictures: give at least 2")
        views = [model.view(tf.constant(images), 2 * request.seed + number).numpy() for number in range(2)]
        own = _found(*(model.encode(view) for view in views))
        pixels = _found(*(view.reshape(len(view), -1) for view in views))
        figure = Figure(own, "higher", {"cosine of pixels": pixels})
        return Measurement({"recognised": figure}, {"recognised": f"among {len(images)} {request.part} pictures"})


def _found(first: np.ndarray, second: np.ndarray) -> float:
    """How often the vector at the same index has the largest cosine."""
    first, second = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9) for rows in (first, second))
    return float(np.mean((first @ second.T).argmax(axis=1) == np.arange(len(first))))


class FilledIn(Evaluator):
    """Reconstruction of masked patches.

    Figure: hidden_psnr_db, the PSNR of the hidden pixels over all pictures, higher is better, compared with two
    baselines without a network: the mean training picture, and the training picture whose visible pixels are nearest.
    """

    def measure(self, model: MaskedAutoencoder, source: ImageSource, recipe: Any, request: Request) -> Measurement:
        """Measured on at most 500 pictures of the part, the same patches hidden in all; see `Evaluator.measure`.

        Raises:
            InputError: the part has no pictures.
        """
        images = as_brightness(source.inputs(request.part, min(RECOGNISED, request.samples)))
        if not len(images):
            raise InputError(f"{source.name} has no {request.part} pictures: nothing can be measured")
        known = as_brightness(source.inputs("train", SEARCHED))
        hidden = np.broadcast_to(model.hidden(request.seed), images.shape[1:])
        rows = nearest(images[:, ~hidden], known[:, ~hidden], 1).indices[:, 0]
        made = {
            MODEL: model.transform(images, request.seed),
            "mean training picture": np.broadcast_to(known.mean(axis=0), images.shape),
            "nearest training picture": known[rows],
        }
        found = {name: float(decibels(np.square((some - images)[:, hidden]).mean())) for name, some in made.items()}
        figure = Figure(found.pop(MODEL), "higher", found)
        seen = np.where(hidden, np.float32(0.5), images)
        shown = rows_of(np.stack([seen, made[MODEL], images], axis=1)[:_SHOWN])
        protocol = {
            "hidden": f"{hidden.mean():.0%} of the pixels of {len(images)} {request.part} pictures",
            "searched": f"{len(known)} training pictures",
        }
        return Measurement(
            {"hidden_psnr_db": figure},
            protocol,
            {"filled_in": Picture(shown, "The visible part, its reconstruction, and the picture itself.")},
        )
