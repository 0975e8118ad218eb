"""Text pairs from TensorFlow Datasets: translations and summaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from aigc_tf.data import tfds_builders
from aigc_tf.data.pairs.files import Pair, Read
from aigc_tf.errors import InputError, listed
from aigc_tf.recipes.seq2seq import PairSettings


def read_tfds(name: str, settings: PairSettings) -> tuple[str, Read, Read | None]:
    """The licence of a TFDS set, its pairs, and those of its test part if any.

    Args:
        name: name of the set.
        settings: `columns` are two text features; by default those that the set declares as input and output.

    Raises:
        InputError: there is no such set or feature, or it cannot be downloaded.
    """
    builder = tfds_builders.builder_of(name, ["dates"])
    features = _features(name, builder, settings.columns)
    tfds_builders.prepare(name, builder, ())
    train, test = tfds_builders.split_names(name, builder)
    licence = f"see {builder.info.homepage or 'the TFDS catalogue'}"
    tested = None if test is None else _pairs(builder, test, features, settings)
    return licence, _pairs(builder, train, features, settings), tested


def _features(name: str, builder: Any, asked: Sequence[str] | None) -> tuple[str, str]:
    found = builder.info.features
    texts = [key for key, value in found.items() if type(value).__name__ == "Text"] if hasattr(found, "items") else []
    if asked is None:
        known = builder.info.supervised_keys
        asked = known if known and set(known) <= set(texts) else texts
    if len(asked) != 2 or not set(asked) <= set(texts):
        raise InputError(
            f"TFDS data set {name}: two features of text are needed, and it has {listed(texts) or 'none'}: say with "
            "pairs.columns which are the source and the target"
        )
    source, target = asked
    return source, target


def _pairs(builder: Any, split: str, features: tuple[str, str], settings: PairSettings) -> Read:
    kept: list[Pair] = []
    empty = 0
    words = f"{features[0]} -> {features[1]}"
    try:
        for example in tfds_builders.examples(builder, split, features).as_numpy_iterator():
            if len(kept) == settings.max_pairs:
                return Read(kept, words, empty, limited=True)
            source, target = (example[feature].decode("utf-8", "replace").strip() for feature in features)
            if source and target:
                kept.append(Pair(source, target))
            else:
                empty += 1
    except tf.errors.OpError as error:
        raise tfds_builders.damaged(builder, error) from error
    return Read(kept, words, empty)
