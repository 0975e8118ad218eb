"""Few-label classification: self- and semi-supervised runs against pixels and a network trained from scratch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

import aigc_tf
from aigc_tf.data.classes import few_of_each
from aigc_tf.data.images.source import ImageSource
from aigc_tf.errors import InputError, say
from aigc_tf.families.create import create
from aigc_tf.families.latent import outputs_of
from aigc_tf.families.picture_classifier import PictureClassifier
from aigc_tf.families.representation.model import PictureEncoder
from aigc_tf.metrics.classification import accuracy
from aigc_tf.metrics.regression import regression
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.nn.augmentation import augment
from aigc_tf.optional import needed
from aigc_tf.recipes.augment import ClassicalAugmentation
from tools.benchmarks.spreading import Spreading, reduced
from tools.benchmarks.tables import markdown

BATCH, HEAD_STEPS, RATE = 50, 100, 1e-3
AUGMENTED = ClassicalAugmentation(flip=True, shift=0.1)  # augmentation of labelled pictures


def labels(
    runs: Sequence[Path], per_class: Sequence[int], seeds: Sequence[int], steps: int, pictures: int
) -> list[dict[str, Any]]:
    """Test accuracies, one row per method and number of labels per class.

    Args:
        runs: runs of simclr or masked_autoencoder, which get `per_class` labels, or of semi_vae or semi_gan, with the
            labels that they were trained with; all of one source.
        per_class: numbers of labels per class.
        seeds: random seeds of the choice of the labels and of training with them; not of the runs.
        steps: training steps of a network on the labels, with 50 pictures each.
        pictures: maximum number of test pictures.

    Raises:
        InputError: a run is of another model, or its source has no labels.
    """
    opened = [aigc_tf.Run.open(run) for run in runs]
    rows: list[dict[str, Any]] = []
    for run in opened:
        if isinstance(run.model, PictureClassifier):
            rows.append(semi_supervised(run, pictures))
    encoders = [run for run in opened if isinstance(run.model, PictureEncoder)]
    found: dict[tuple[str, int], list[float]] = {}
    if encoders:
        compared = Compared(encoders, steps, pictures)
        for few, seed in itertools.product(per_class, seeds):
            for name, right in compared.accuracies(few, seed):
                say(f"{few} labels per class, seed {seed}, {name}: {right:.2%}")
                found.setdefault((name, few), []).append(right)
    for (name, few), values in found.items():
        rows.append({"method": name, "labels a class": few, "accuracy": values})
    if not rows:
        raise InputError("no run learns from pictures without labels: give runs of simclr, masked_autoencoder, semi_*")
    return rows


def semi_supervised(run: Any, pictures: int) -> dict[str, Any]:
    """The row of a semi-supervised run, with the labels of its recipe."""
    part = run.source.test.some(pictures)
    right = accuracy(run.model.probabilities(np.asarray(part.images)), np.asarray(part.labels))
    return {"method": run.recipe.slug(), "labels a class": run.recipe.labelled.per_class, "accuracy": [right]}


class Compared:
    """All methods on the same labels and test pictures.

    Args:
        runs: runs of encoders, all of one source.
        steps: training steps of a network on the labels.
        pictures: maximum number of test pictures.

    Raises:
        InputError: the source has no labels, or scikit-learn is not installed.
    """

    def __init__(self, runs: Sequence[aigc_tf.Run], steps: int, pictures: int) -> None:
        source: ImageSource = runs[0].source
        if source.train.labels is None or source.class_names is None:
            raise InputError(f"{source.name} has no labels")
        part = source.test.some(pictures)
        self.runs, self.steps, self.labels = runs, steps, source.train.labels
        self.pool, self.asked = (as_brightness(np.asarray(split.images)) for split in (source.train, part))
        self.truth, self.classes = np.asarray(part.labels), len(source.class_names)
        self.embeddings = [(run.model.encode(self.pool), run.model.encode(self.asked)) for run in runs]
        pixels = reduced(self.pool.reshape(len(self.pool), -1), self.asked.reshape(len(self.asked), -1))
        views = [reduced(*both) for both in self.embeddings]
        self.by_pixels = Spreading(pixels)
        self.by_embedding = [Spreading(view) for view in views]
        self.by_both = [Spreading(pixels, view) for view in views]

    def accuracies(self, few: int, seed: int) -> Iterator[tuple[str, float]]:
        """Accuracy of each method, given `few` random labels per class."""
        rows = few_of_each(self.labels, few, seed)
        known, wanted = self.pool[rows], self.labels[rows]
        for name, told in without_network(known, wanted, self.asked).items():
            yield name, float(np.mean(told == self.truth))
        yield "label spreading over pixels", self.spread(self.by_pixels, rows)[1]
        for at, run in enumerate(self.runs):
            name, (embedded, asked) = run.recipe.slug(), self.embeddings[at]
            probe = regression(embedded[rows], wanted, self.classes)
            yield f"{name}, linear probe", accuracy(probe.probabilities(asked), self.truth)
            yield f"{name}, label spreading", self.spread(self.by_embedding[at], rows)[1]
            all_labels, right = self.spread(self.by_both[at], rows)
            yield f"{name} and pixels, label spreading", right
            fresh = create(run.recipe)
            for title, model, images, labels in (
                (f"{name}, fine-tuned", run.model, known, wanted),
                (f"{name}, fine-tuned on spread labels", run.model, self.pool, all_labels),
                (f"{name}'s network from scratch", fresh, known, wanted),
            ):
                network = trained(model.encoding, images, labels, self.classes, seed, self.steps)
                yield title, accuracy(outputs_of(network, self.asked), self.truth)

    def spread(self, spreading: Spreading, rows: np.ndarray) -> tuple[np.ndarray, float]:
        """Labels of the whole training part, int64 `[count]`, spread from some rows; accuracy on test pictures."""
        probabilities = spreading.spread(rows, self.labels[rows], self.classes)
        return probabilities.argmax(axis=1), float(np.mean(spreading.further(probabilities) == self.truth))


def without_network(known: np.ndarray, wanted: np.ndarray, asked: np.ndarray) -> dict[str, np.ndarray]:
    """Predictions of scikit-learn's logistic regression and SVM from pixels.

    Raises:
        InputError: scikit-learn is not installed.
    """
    needed("sklearn", to="measure baselines", extra="benchmark", package="scikit-learn")
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    flat, others = (images.reshape(len(images), -1) for images in (known, asked))
    methods = {"logistic regression": LogisticRegression(max_iter=1000), "SVM (RBF)": SVC(C=10.0)}
    return {name: method.fit(flat, wanted).predict(others) for name, method in methods.items()}


def trained(
    encoding: keras.Model, known: np.ndarray, wanted: np.ndarray, classes: int, seed: int, steps: int
) -> keras.Model:
    """A copy of an encoder with a dense head, fine-tuned on labels: first the head alone, then all layers.

    Args:
        encoding: brightness `[batch, height, width, channels]` in [0, 1] -> vectors; it is not changed.
        known: pictures in [0, 1].
        wanted: their classes, int.
        classes: number of classes.
        seed: random seed of initialisation, order and augmentation.
        steps: training steps of all layers.
    """
    keras.utils.set_random_seed(seed)
    copy = keras.models.clone_model(encoding)
    copy.set_weights(encoding.get_weights())
    scaled = keras.layers.BatchNormalization(name="scaled_vector")(copy.output)
    network = keras.Model(copy.input, keras.layers.Dense(classes, name="class_logits")(scaled))
    random = np.random.default_rng(seed)
    for stage, updates in enumerate((HEAD_STEPS, steps)):
        copy.trainable = bool(stage)
        rate = keras.optimizers.schedules.CosineDecay(RATE if stage else 10 * RATE, updates)
        network.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        for step in range(updates):
            chosen = random.integers(len(known), size=BATCH)
            images = augment(known[chosen], AUGMENTED, seed, np.int64(BATCH * step))
            network.train_on_batch(images, wanted[chosen])
    return network


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Accuracies in per cent: means over seeds with standard errors, sorted within each number of labels."""
    lines = []
    for row in sorted(rows, key=lambda row: (row["labels a class"], -np.mean(row["accuracy"]))):
        values = 100 * np.array(row["accuracy"])
        error = f" ± {values.std(ddof=1) / np.sqrt(len(values)):.1f}" if len(values) > 1 else ""
        lines.append((row["labels a class"], row["method"], f"{values.mean():.1f}{error}", len(values)))
    return markdown(("labels per class", "method", "accuracy, %", "seeds"), lines)
