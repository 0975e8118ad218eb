"""Generated examples as data augmentation for a classifier of few real ones, against classical augmentation and none.

Examples are pictures, or sounds, which are converted to waveforms before the classifier computes spectrograms.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.cli.augment import labelled_examples, model_of_classes
from aigc_tf.data.images.source import ImageSource
from aigc_tf.data.sound.source import SoundSource
from aigc_tf.errors import InputError, say
from aigc_tf.metrics.images import small_network
from aigc_tf.metrics.sound import features as words
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.nn.augmentation import augment
from aigc_tf.recipes.augment import ClassicalAugmentation
from aigc_tf.runs.run import Run
from tools.benchmarks.readings import Results
from tools.benchmarks.tables import markdown

# Of training, for each classifier, whatever it is trained on. The averages of its batch normalisation take some hundred
# steps to settle: with 300 of 128 images the accuracies were of no use.
STEPS, BATCH_SIZE = 1200, 32
AIDS = ("nothing", "classical", "generated", "both")

Examples = tuple[np.ndarray, np.ndarray]
"""uint8 images `[count, height, width, channels]` and their labels `[count]`."""


@dataclass(frozen=True)
class Kind:
    """What classifiers of a kind of examples learn from."""

    build: Callable[..., keras.Model]
    """Shape, number of classes and seed -> a classifier that `small_network.train` trains."""
    generated_a_class: int
    classical: ClassicalAugmentation


PICTURES = Kind(small_network.build, 1000, ClassicalAugmentation(flip=True, shift=0.1))  # as in article 003 §6.1
SOUNDS = Kind(words.build, 200, ClassicalAugmentation(shift=0.1))  # earlier or later, higher or lower


def kind_of(run: Run) -> Kind:
    """What the run makes."""
    return SOUNDS if isinstance(run.source, SoundSource) else PICTURES


def images_of(run: Run) -> ImageSource:
    """Its source, of sounds their spectrograms."""
    source: Any = run.source
    found: ImageSource = source.pictures if isinstance(source, SoundSource) else source
    return found


def augmentation(run: Run, real: Sequence[int], seeds: Sequence[int], results: Path) -> dict[str, Any]:
    """Test accuracies of classifiers with each aid, unless `results` has them already.

    All classifiers are trained for the same number of steps. With generated pictures these are half of each batch.
    The real images are drawn from the run's training images, of which the generator has seen all: the figures say what
    a generator of many images is worth to someone who has few, not what one that is trained on the few is worth. Of a
    run of sound, images are the spectrograms of sounds.

    Args:
        run: of a conditional model of a source with labels.
        real: numbers of real images of each class.
        seeds: each chooses images, generates pictures and initialises the classifier.
        results: a JSON Lines file of what is finished.

    Returns:
        For each number of real images and each aid the accuracies, their mean and its standard error.
    """
    model_of_classes(run)
    done = Results(results)

    def accuracy(images_a_class: int, aid: str, seed: int) -> float:
        key: dict[str, Any] = {"run": str(run.path), "step": run.step, "classifier_steps": STEPS}
        key |= {"images_a_class": images_a_class, "aid": aid, "seed": seed}
        if not done.find(**key):
            say(f"\n{images_a_class} real images per class, {aid}, seed {seed}")
            done.add(**key, accuracy=accuracy_with(run, images_a_class, aid, seed))
        return float(done.find(**key)[0]["accuracy"])

    # Seed by seed: what is generated with one is used for all numbers of real images.
    found = {case: accuracy(case[1], case[2], case[0]) for case in itertools.product(seeds, real, AIDS)}
    rows = {
        images_a_class: {aid: spread([found[seed, images_a_class, aid] for seed in seeds]) for aid in AIDS}
        for images_a_class in real
    }
    source = images_of(run)
    return {
        "run": str(run.path),
        "images_that_the_generator_saw": len(source.train.images),
        "generated_a_class": kind_of(run).generated_a_class,
        "test_images": len(source.test.images),
        "images_a_class": rows,
    }


def accuracy_with(run: Run, images_a_class: int, aid: str, seed: int) -> float:
    """The test accuracy of one classifier."""
    train, test, kind = images_of(run).train, images_of(run).test, kind_of(run)
    real = some_of_each_class((np.asarray(train.images), np.asarray(train.labels)), images_a_class, seed)
    batches = (
        mixed(real, generated(run, seed), seed) if aid in ("generated", "both") else batches_of(real, BATCH_SIZE, seed)
    )
    if aid in ("classical", "both"):
        batches = augmented(batches, kind.classical, seed)
    network = kind.build(train.images.shape[1:], len(model_of_classes(run).condition.kinds), seed)
    small_network.train(network, batches, STEPS, "classifier")
    return small_network.accuracy(network, np.asarray(test.images), np.asarray(test.labels))


def some_of_each_class(examples: Examples, images_a_class: int, seed: int) -> Examples:
    """So many images of each class, chosen by the seed.

    Raises:
        InputError: a class has fewer.
    """
    images, labels = examples
    random = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        if len(places) < images_a_class:
            raise InputError(f"class {label} has {len(places)} training images: choose --real of at most {len(places)}")
        chosen.append(random.choice(places, images_a_class, replace=False))
    order = np.sort(np.concatenate(chosen))
    return images[order], labels[order]


@lru_cache(maxsize=1)
def generated(run: Run, seed: int) -> Examples:
    """Pictures by the run, or spectrograms of its sounds, uint8, with their labels."""
    model, kind = model_of_classes(run), kind_of(run)
    seen = model.pictures_of if kind is SOUNDS else np.asarray
    examples = labelled_examples(run, len(model.condition.kinds) * kind.generated_a_class, seed)
    return joined((to_bytes(seen(values)), labels) for values, labels in examples)


def batches_of(examples: Examples, size: int, seed: int) -> small_network.Batches:
    """Batches of so many examples without end."""
    images, labels = examples
    for chosen in small_network.shuffled_indices(len(images), size, seed):
        yield images[chosen], labels[chosen]


def mixed(real: Examples, generated: Examples, seed: int) -> small_network.Batches:
    """Batches of which half are real images and half are generated ones."""
    half = BATCH_SIZE // 2
    for parts in zip(batches_of(real, half, seed), batches_of(generated, half, seed), strict=True):
        yield joined(parts)


def joined(parts: Iterable[Examples]) -> Examples:
    """Examples one after the other."""
    images, labels = zip(*parts, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def augmented(batches: small_network.Batches, how: ClassicalAugmentation, seed: int) -> small_network.Batches:
    """The same batches with classical augmentation."""

    @tf.function
    def augment_levels(images: tf.Tensor, first_position: tf.Tensor) -> tf.Tensor:
        unit = augment(small_network.to_unit(images), how, seed, first_position)
        return tf.cast(tf.round((unit + 1.0) * 127.5), tf.uint8)

    first_position = 0
    for images, labels in batches:
        yield augment_levels(tf.constant(images), tf.constant(first_position, tf.int64)).numpy(), labels
        first_position += len(images)


def spread(accuracies: Sequence[float]) -> dict[str, Any]:
    """Accuracies, their mean, and its standard error, which takes two."""
    error = statistics.stdev(accuracies) / math.sqrt(len(accuracies)) if len(accuracies) > 1 else None
    return {"accuracies": accuracies, "mean": statistics.mean(accuracies), "standard_error": error}


def table(report: dict[str, Any]) -> str:
    """Rows of numbers of real images, columns of aids."""

    def shown(figures: dict[str, Any]) -> str:
        error = "" if figures["standard_error"] is None else f" ± {100 * figures['standard_error']:.2f}"
        return f"{100 * figures['mean']:.2f}{error}"

    head = ["real images per class", *(f"{aid}, %" for aid in AIDS)]
    rows = [[count, *(shown(by_aid[aid]) for aid in AIDS)] for count, by_aid in report["images_a_class"].items()]
    return markdown(head, rows)
