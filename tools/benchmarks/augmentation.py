"""Generated examples as data augmentation for a few-shot classifier, against classical augmentation and none.

Examples are pictures, or sounds; sounds are converted to waveforms before the classifier computes spectrograms.
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

# Training steps, the same for all classifiers. The moving averages of batch normalisation need several hundred steps to
# converge: 300 steps of 128 images gave useless accuracies.
STEPS, BATCH_SIZE = 1200, 32
AIDS = ("nothing", "classical", "generated", "both")

Examples = tuple[np.ndarray, np.ndarray]
"""uint8 images `[count, height, width, channels]` and their labels `[count]`."""


@dataclass(frozen=True)
class Kind:
    """Settings of a classifier, by modality."""

    build: Callable[..., keras.Model]
    """Shape, number of classes and seed -> a classifier for `small_network.train`."""
    generated_a_class: int
    classical: ClassicalAugmentation


PICTURES = Kind(small_network.build, 1000, ClassicalAugmentation(flip=True, shift=0.1))  # as in article 003 §6.1
SOUNDS = Kind(words.build, 200, ClassicalAugmentation(shift=0.1))  # shifts in time and pitch


def kind_of(run: Run) -> Kind:
    """The modality of the run's samples."""
    return SOUNDS if isinstance(run.source, SoundSource) else PICTURES


def images_of(run: Run) -> ImageSource:
    """The run's source; for sounds, the source of their spectrograms."""
    source: Any = run.source
    found: ImageSource = source.pictures if isinstance(source, SoundSource) else source
    return found


def augmentation(run: Run, real: Sequence[int], seeds: Sequence[int], results: Path) -> dict[str, Any]:
    """Test accuracies of classifiers with each kind of augmentation; skips what `results` already has.

    All classifiers are trained for the same number of steps. Generated pictures make up half of each batch. The real
    images are sampled from the run's training images, all of which the generator has seen: the figures measure the
    value of a generator trained on many images for a classifier of few, not of a generator trained on the few. For
    sound runs, images are spectrograms.

    Args:
        run: run of a conditional model with a labelled source.
        real: numbers of real images per class.
        seeds: random seeds of the subset, the generated pictures and the classifier's weights.
        results: JSON Lines file of finished results.

    Returns:
        For each number of real images and each augmentation the accuracies, their mean and its standard error.
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

    # Seeds in the outer loop: pictures generated with one are reused for all numbers of real images.
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
    """Test accuracy of one classifier."""
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
    """A random subset of `images_a_class` images per class.

    Raises:
        InputError: a class has fewer images.
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
    """Generated pictures, or spectrograms of generated sounds, uint8, with their labels."""
    model, kind = model_of_classes(run), kind_of(run)
    seen = model.pictures_of if kind is SOUNDS else np.asarray
    examples = labelled_examples(run, len(model.condition.kinds) * kind.generated_a_class, seed)
    return joined((to_bytes(seen(values)), labels) for values, labels in examples)


def batches_of(examples: Examples, size: int, seed: int) -> small_network.Batches:
    """Infinite shuffled batches of `size` examples."""
    images, labels = examples
    for chosen in small_network.shuffled_indices(len(images), size, seed):
        yield images[chosen], labels[chosen]


def mixed(real: Examples, generated: Examples, seed: int) -> small_network.Batches:
    """Batches of half real, half generated images."""
    half = BATCH_SIZE // 2
    for parts in zip(batches_of(real, half, seed), batches_of(generated, half, seed), strict=True):
        yield joined(parts)


def joined(parts: Iterable[Examples]) -> Examples:
    """The concatenated examples."""
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
    """Accuracies, their mean, and its standard error (None for a single one)."""
    error = statistics.stdev(accuracies) / math.sqrt(len(accuracies)) if len(accuracies) > 1 else None
    return {"accuracies": accuracies, "mean": statistics.mean(accuracies), "standard_error": error}


def table(report: dict[str, Any]) -> str:
    """One row per number of real images, one column per augmentation."""

    def shown(figures: dict[str, Any]) -> str:
        error = "" if figures["standard_error"] is None else f" ± {100 * figures['standard_error']:.2f}"
        return f"{100 * figures['mean']:.2f}{error}"

    head = ["real images per class", *(f"{aid}, %" for aid in AIDS)]
    rows = [[count, *(shown(by_aid[aid]) for aid in AIDS)] for count, by_aid in report["images_a_class"].items()]
    return markdown(head, rows)
