"""Fashion-MNIST, from this machine or TFDS, and the part that ships with the package."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import numpy as np

from aigc_tf.data import tfds_builders
from aigc_tf.data.images import tfds as tfds_images
from aigc_tf.data.images.arrays import hold_out, in_chunks, prepared_split
from aigc_tf.data.images.source import ImageSource, Split
from aigc_tf.data.source import HELD_OUT, TEST_SPLIT
from aigc_tf.errors import InputError
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.storage.files import expanded

FULL = "fashion_mnist"
SHIPPED = "fashion_mnist_10k"
SHIPPED_FILE = Path(__file__).with_name("shipped") / f"{SHIPPED}.npz"
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
LICENCE = (
    "MIT licence, copyright 2017 Zalando SE; H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, 2017, arXiv:1708.07747"
)
_IMAGES_MAGIC, _LABELS_MAGIC = 0x0803, 0x0801  # unsigned bytes in three dimensions, and in one
FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}


def open_best(settings: ImageSettings) -> ImageSource:
    """Open all of Fashion-MNIST if it is on this machine, otherwise the part that ships with the package."""
    return _open_local(settings) or open_shipped(settings)


def open_full(settings: ImageSettings) -> ImageSource:
    """Open all 70,000 images, from this machine or downloaded by TFDS.

    Raises:
        InputError: they are missing and cannot be downloaded; the message lists ways to get them.
    """
    return _open_local(settings) or tfds_images.open_tfds(FULL, settings, ways=_ways(), licence=LICENCE)


def open_shipped(settings: ImageSettings) -> ImageSource:
    """Open the first 10,000 training images, with a tenth held out."""
    with np.load(SHIPPED_FILE, allow_pickle=False) as archive:
        images, labels = archive["images"], archive["labels"].astype(np.int64)
    train, test = hold_out(in_chunks(images, labels), settings)
    notes = (
        f"{SHIPPED} is the small set that ships with aigc_tf; for all 70,000 images, name --source {FULL} "
        "(downloaded once) or install Debian's package dataset-fashion-mnist",
    )
    return _source(SHIPPED, train, test, HELD_OUT, notes)


def local_folders() -> list[Path]:
    """Folders that may have the four files: Keras's cache, and Debian's package dataset-fashion-mnist."""
    return [_keras_folder(), DEBIAN_FOLDER]


def read_split(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images, uint8 `[count, 28, 28]`, and labels, int64 `[count]`, of "train" or "test".

    Raises:
        InputError: a file is damaged.
    """
    images_file, labels_file = (folder / name for name in FILES[split])
    images = read_idx(images_file, _IMAGES_MAGIC)
    labels = read_idx(labels_file, _LABELS_MAGIC)
    if len(images) != len(labels) or not len(images) or labels.max() >= len(CLASS_NAMES):
        raise InputError(f"{images_file} and {labels_file.name} do not match: remove them and get them again")
    return images, labels.astype(np.int64)


def read_idx(path: Path, magic: int) -> np.ndarray:
    """Read a compressed file of unsigned bytes in the IDX format of MNIST.

    Raises:
        InputError: it is damaged, or has another magic number.
    """
    try:
        with gzip.open(path) as file:
            content = file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read ({error}): remove it and get it again") from error
    dimensions = magic & 0xFF
    header = np.frombuffer(content[: 4 * (1 + dimensions)], ">u4") if len(content) >= 4 * (1 + dimensions) else [0]
    if header[0] != magic:
        raise InputError(f"{path} is not an IDX file of {dimensions} dimensions: remove it and get it again")
    shape = tuple(int(size) for size in header[1:])
    values = np.frombuffer(content, np.uint8, offset=4 * (1 + dimensions))
    if values.size != int(np.prod(shape, dtype=np.int64)):
        raise InputError(f"{path} holds {values.size} values, not {shape}: remove it and get it again")
    return values.reshape(shape)


def _open_local(settings: ImageSettings) -> ImageSource | None:
    for folder in local_folders():
        if all((folder / name).is_file() for names in FILES.values() for name in names):
            train, test = (
                prepared_split(in_chunks(*read_split(folder, split)), settings) for split in ("train", "test")
            )
            return _source(FULL, train, test, TEST_SPLIT, (f"read from {folder}",))
    # Last, because TFDS takes ten times as long to read them.
    if tfds_builders.is_prepared(FULL):
        return tfds_images.open_tfds(FULL, settings, ways=_ways(), licence=LICENCE)
    return None


def _source(name: str, train: Split, test: Split, test_split: str, notes: tuple[str, ...]) -> ImageSource:
    return ImageSource(
        name=name,
        dataset=FULL,
        train=train,
        test=test,
        class_names=CLASS_NAMES,
        test_split=test_split,
        licence=LICENCE,
        notes=notes,
    )


def _keras_folder() -> Path:
    return expanded(os.environ.get("KERAS_HOME") or "~/.keras", "KERAS_HOME") / "datasets" / "fashion-mnist"


def _ways() -> tuple[str, ...]:
    """Ways to get all of it without TFDS, or to do without."""
    return (
        f"install Debian's package dataset-fashion-mnist ({DEBIAN_FOLDER})",
        f"put its four files (train-* and t10k-*-ubyte.gz) into {_keras_folder()}",
        f"name --source {SHIPPED}, the part that ships with aigc_tf",
    )
