"""Image data sets of TensorFlow Datasets (TFDS)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data import tfds_builders
from aigc_tf.data.images.arrays import Batch, batches_of, hold_out, prepared_split
from aigc_tf.data.images.near_duplicates import QUICKLY, near_duplicates, note_on
from aigc_tf.data.images.source import ImageSource
from aigc_tf.data.source import HELD_OUT
from aigc_tf.errors import InputError
from aigc_tf.recipes.images import ImageSettings

_READ_AT_ONCE = 256


def open_tfds(
    name: str,
    settings: ImageSettings,
    *,
    ways: Sequence[str] = (),
    licence: str = "",
    other_names: Sequence[str] = (),
) -> ImageSource:
    """Open a TFDS image data set, downloading it on first use.

    Args:
        name: `data_set`, `data_set/configuration`, or either with `:version`.
        settings: the form of the images.
        ways: alternatives to downloading, for the error message.
        licence: if known better than by TFDS.
        other_names: names that may have been meant, if TFDS has no such data set.

    Raises:
        InputError: there is no such data set of images, or it cannot be downloaded.
    """
    builder = tfds_builders.builder_of(name, other_names)
    labelled = _check_features(name, builder.info.features)
    tfds_builders.prepare(name, builder, ways)
    train_name, test_name = tfds_builders.split_names(name, builder)
    try:
        if test_name is None:
            train, test = hold_out(_read(name, builder, train_name, labelled), settings)
        else:
            train = prepared_split(_read(name, builder, train_name, labelled), settings)
            test = prepared_split(_read(name, builder, test_name, labelled), settings)
    except tf.errors.OpError as error:
        raise tfds_builders.damaged(builder, error) from error
    return ImageSource(
        name=name,
        dataset="/".join(part for part in (builder.name, builder.builder_config_name) if part),
        train=train,
        test=test,
        class_names=tuple(builder.info.features["label"].names) if labelled else None,
        test_split=f"{test_name} split of the data set" if test_name else HELD_OUT,
        licence=licence or f"see {builder.info.homepage or 'the TFDS catalogue'}",
        notes=(
            f"read from {builder.data_dir}",
            *note_on(near_duplicates(train.images, test.images, QUICKLY)),
        ),
    )


def _check_features(name: str, features: Any) -> bool:
    """Whether the examples have labels."""
    import tensorflow_datasets as tfds

    found = dict(features) if isinstance(features, tfds.features.FeaturesDict) else {}
    image = found.get("image")
    if not isinstance(image, tfds.features.Image):
        raise InputError(f"TFDS data set {name} has no feature image, only {', '.join(found)}: choose one of images")
    if image.shape[-1] not in (1, 3) or image.np_dtype != np.uint8:
        raise InputError(f"TFDS data set {name} has {image}: expected 1 or 3 channels of uint8")
    return isinstance(found.get("label"), tfds.features.ClassLabel)


def _read(name: str, builder: Any, split: str, labelled: bool) -> Iterator[Batch]:
    dataset = tfds_builders.examples(builder, split, ("image", "label") if labelled else ("image",))
    dataset = dataset.map(lambda example: (example["image"], example["label"]) if labelled else example["image"])
    count = builder.info.splits[split].num_examples
    if None not in builder.info.features["image"].shape:
        dataset, count = dataset.batch(_READ_AT_ONCE), -(-count // _READ_AT_ONCE)
    return batches_of(dataset, f"TFDS data set {name}", count)
