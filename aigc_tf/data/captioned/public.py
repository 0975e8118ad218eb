"""Captioned images from TensorFlow Datasets, such as coco_captions."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data import tfds_builders
from aigc_tf.data.captioned.source import CaptionedSplit
from aigc_tf.data.images.prepare import prepare_arrays
from aigc_tf.data.progress import progress
from aigc_tf.errors import InputError, listed
from aigc_tf.recipes.images import ImageSettings

_NAMES = ("captions", "caption", "text", "title", "sentence")


def read_tfds(name: str, settings: ImageSettings) -> tuple[str, CaptionedSplit, CaptionedSplit | None, str]:
    """The licence of a TFDS set, its captioned images, those of its test part if any, and notes for the user.

    Args:
        name: of a set with a feature `image` and one of texts: a text, a sequence of them, or one with a `text` each.
        settings: the form of the images.

    Raises:
        InputError: there is no such set, it has no captions, or it cannot be downloaded.
    """
    builder = tfds_builders.builder_of(name, ["shapes"])
    feature = _feature(name, builder.info.features)
    tfds_builders.prepare(name, builder, ())
    train, test = tfds_builders.split_names(name, builder)
    tested = None if test is None else _pictures(builder, test, feature, settings)
    licence = f"see {builder.info.homepage or 'the TFDS catalogue'}"
    return licence, _pictures(builder, train, feature, settings), tested, f"captions of the feature {feature}"


def _feature(name: str, features: Any) -> str:
    """The feature with the captions."""
    found = dict(features) if hasattr(features, "items") else {}
    texts = [key for key, value in found.items() if _is_text(value)]
    chosen = [key for key in _NAMES if key in texts] or texts
    if "image" not in found or not chosen:
        raise InputError(
            f"TFDS data set {name} has the features {listed(sorted(found)) or '(unnamed)'}: choose one with an image "
            "and captions"
        )
    return chosen[0]


def _is_text(feature: Any) -> bool:
    kind = type(feature).__name__
    if kind == "Sequence":
        inner = feature.feature
        return "text" in inner and _is_text(inner["text"]) if hasattr(inner, "items") else _is_text(inner)
    return kind == "Text"


def _pictures(builder: Any, split: str, feature: str, settings: ImageSettings) -> CaptionedSplit:
    images, captions = [], []
    examples = tfds_builders.examples(builder, split, ("image", feature)).as_numpy_iterator()
    try:
        for example in progress(examples, builder.info.splits[split].num_examples, split):
            found = example[feature]
            texts = np.ravel(found["text"] if isinstance(found, dict) else found).tolist()
            own = [" ".join(text.decode("utf-8", "replace").split()) for text in texts if text.strip()]
            if own:
                images.append(prepare_arrays(example["image"][np.newaxis], settings)[0])
                captions.append(own)
    except tf.errors.OpError as error:
        raise tfds_builders.damaged(builder, error) from error
    pictures = np.stack(images) if images else np.empty((0, *settings.shape), np.uint8)
    return CaptionedSplit(pictures, None, captions=captions)
