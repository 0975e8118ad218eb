"""Small feature networks for a source: shipped with the package, kept in the cache, or trained on first use.

They learn from all training images, including those held out for validation: one network evaluates the models of all
recipes.
"""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.data.source import evenly
from aigc_tf.errors import InputError, say
from aigc_tf.metrics.images import small_network
from aigc_tf.storage.cache import cache_root, reason_not_to_keep

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource

Shape = tuple[int, int, int]

WEIGHTS_FOLDER = Path(__file__).parent / "weights"
_ACCURACY_IMAGES = 10_000  # training images on which the accuracy is measured


class Shipped(NamedTuple):
    """Weights that come with the package."""

    path: Path
    classes: int


SHIPPED = {("fashion_mnist", (28, 28, 1)): Shipped(WEIGHTS_FOLDER / "fashion_mnist_classifier.npz", 10)}
"""By data set and image shape; written by tools/train_feature_classifier.py."""


class Trained(NamedTuple):
    """A trained network and its facts, for the `.json` next to its file."""

    network: keras.Model
    facts: dict[str, Any]


def class_count(source: ImageSource) -> int:
    """The number of classes in the labels of the training images; 0 without labels."""
    labels = source.training.labels
    return 0 if labels is None else len(np.unique(labels))


def classifier(source: ImageSource, shape: Shape) -> keras.Model:
    """A classifier of the classes of `source`: shipped, from the cache, or trained now.

    Raises:
        InputError: the source has no labels, or only one class.
    """
    labels = source.training.labels
    if labels is None or class_count(source) < 2:
        raise InputError(f"{source.name} has no labels of several classes: measure with kind auto or rotation")
    shipped = SHIPPED.get((source.dataset, shape))
    if shipped is not None:
        network = small_network.build(shape, shipped.classes)
        small_network.load(network, shipped.path)
        return network
    network = small_network.build(shape, int(labels.max()) + 1)
    return kept_network("classifier", source, network, lambda: train_classifier(source, shape))


def rotation_network(source: ImageSource, side: int) -> keras.Model:
    """A classifier of four rotations of the centre squares of `source`: from the cache or trained now."""
    shape = (side, side, source.train.images.shape[-1])
    network = small_network.build(shape, 4)
    return kept_network("rotation", source, network, lambda: train_rotation_network(source, shape))


def train_classifier(source: ImageSource, shape: Shape, seed: int = small_network.SEED) -> Trained:
    """Train on all labelled training images; deterministic on one machine."""
    part = source.training
    if part.labels is None:
        raise InputError(f"{source.name} has no labels")
    network = small_network.build(shape, int(part.labels.max()) + 1, seed)
    batches = small_network.labelled_batches(part.images, part.labels, seed)
    rows = evenly(len(part.labels), _ACCURACY_IMAGES)
    return train_network("classifier", source, network, batches, (part.images[rows], part.labels[rows]), seed)


def train_rotation_network(source: ImageSource, shape: Shape, seed: int = small_network.SEED) -> Trained:
    """Train on the centre squares of all training images; deterministic on one machine."""
    network = small_network.build(shape, 4, seed)
    part = source.training
    batches = small_network.rotation_batches(centre_square(part.images), seed)
    known = small_network.rotated(centre_square(part.some(_ACCURACY_IMAGES // 4).images))
    return train_network("rotation network", source, network, batches, known, seed)


def centre_square(images: Any) -> Any:
    """`[n, height, width, channels]` -> `[n, side, side, channels]`; arrays and tensors alike."""
    height, width = images.shape[1:3]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return images[:, top : top + side, left : left + side]


def train_network(
    kind: str,
    source: ImageSource,
    network: keras.Model,
    batches: small_network.Batches,
    known: tuple[np.ndarray, np.ndarray],
    seed: int,
) -> Trained:
    """Train a small network, and record how.

    Args:
        kind: what the network is, in words.
        source: of the training images.
        network: from `small_network.build`.
        batches: uint8 images and labels, endless.
        known: some of the training images and their labels, whose accuracy is recorded.
        seed: of network and batches, for the record.
    """
    started = time.monotonic()
    steps = small_network.training_steps(len(source.training.images))
    small_network.train(network, batches, steps, f"measuring: {kind} of {source.name}")
    facts: dict[str, Any] = {
        "what": f"{kind} of {source.name}",
        "source_fingerprint": source.fingerprint,
        "source_licence": source.licence,
        "architecture_version": small_network.ARCHITECTURE_VERSION,
        "training_images": len(source.training.images),
        "steps": steps,
        "seed": seed,
        "training_accuracy": round(small_network.accuracy(network, *known), 4),
        "training_seconds": round(time.monotonic() - started, 1),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }
    return Trained(network, facts)


def kept_network(kind: str, source: ImageSource, network: keras.Model, make: Callable[[], Trained]) -> keras.Model:
    """`network` with the weights cached for this source, or else what `make()` trains, which is then cached.

    Args:
        kind: of the network, in a word, for the name of the file and messages.
        source: that it was trained on.
        network: with the right architecture, untrained.
        make: trains one with the same architecture.

    Raises:
        InputError: the file in the cache is damaged.
    """
    readable = re.sub(r"[^A-Za-z0-9]+", "-", source.dataset or Path(source.name).name).strip("-")[:40]
    size = "x".join(str(length) for length in network.input_shape[1:])
    version = f"v{small_network.ARCHITECTURE_VERSION}"
    folder = cache_root() / "features"
    path = folder / f"{readable}-{kind}-{size}-{version}-{source.fingerprint[:16]}.npz"
    if path.is_file():
        small_network.load(network, path)
        return network
    why = reason_not_to_keep(folder, 4 * network.count_params())  # float32
    if why:
        say(f"warning: {folder} cannot keep the {kind} network, which is trained anew each time: {why}")
        return make().network
    trained = make()
    small_network.save(trained.network, path, trained.facts)
    say(f"measuring: kept in {path}")
    return trained.network
