"""Images with their classes, for models that learn both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.images import opening as images
from aigc_tf.data.images.source import ALL, ImageSource, shuffled
from aigc_tf.errors import InputError
from aigc_tf.recipes.base import ImageRecipe

_NAMED_AT_MOST = 20


@dataclass(frozen=True)
class ClassNames:
    """The classes of a source by number."""

    names: tuple[str, ...]

    def numbers(self, labels: Sequence[str | int]) -> np.ndarray:
        """int32 `[count]` of classes given by name or by number.

        Whole numbers are numbers, whatever the names are. Text is a name, or else the digits of a number.

        Raises:
            InputError: there is no such class.
        """
        return np.array([self._number(label) for label in labels], np.int32)

    def _number(self, label: str | int) -> int:
        if isinstance(label, str):
            if label in self.names:
                return self.names.index(label)
            number = int(label) if label.isdecimal() else None
        else:  # never looked up among the names, which are numerals where the labels of a source are numbers
            number = label if isinstance(label, int | np.integer) else None
        if number is not None and 0 <= number < len(self.names):
            return int(number)
        more = ", ..." if len(self.names) > _NAMED_AT_MOST else ""
        known = ", ".join(self.names[:_NAMED_AT_MOST]) + more
        kind = "class" if isinstance(label, str) else "class number"
        raise InputError(
            f"there is no {kind} {label}: choose one of {known}, or its number from 0 to {len(self.names) - 1}"
        )

    def to_json(self) -> str:
        """These classes as JSON."""
        return json.dumps({"names": self.names}, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote.

        Raises:
            InputError: it is something else.
        """
        try:
            return cls(tuple(str(name) for name in json.loads(text)["names"]))
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"classes.json is no list of classes: {error}") from None


@dataclass(frozen=True, eq=False)
class LabelledSource(ImageSource):
    """A source of images whose batches hold the labels, too."""

    @property
    def classes(self) -> ClassNames:
        """Its classes by number."""
        return ClassNames(self.class_names or ())

    def training_batches(self, batch_size: int, seed: int, first_step: int = 0, rows: slice = ALL) -> tf.data.Dataset:
        """The batches of `ImageSource.training_batches`, each with its labels.

        Returns:
            float32 `[batch, height, width, channels]` in [-1, 1], and int32 `[batch]`.
        """
        labels = tf.constant(self.train.labels, tf.int32)

        def labels_of(step: tf.Tensor) -> tf.Tensor:
            positions = (step * batch_size + tf.range(batch_size, dtype=tf.int64))[rows]
            return tf.gather(labels, shuffled(positions, len(self.train.images), seed))

        steps = tf.data.Dataset.counter(start=first_step, dtype=tf.int64)
        return tf.data.Dataset.zip(super().training_batches(batch_size, seed, first_step, rows), steps.map(labels_of))


def open_source(recipe: ImageRecipe, data: Any = None) -> LabelledSource:
    """The labelled images that a recipe asks for; see `aigc_tf.data.images.opening.open_source`.

    Raises:
        InputError: the source or the data cannot be had or used, or has no labels.
    """
    source = images.open_source(recipe, data)
    if source.train.labels is None or source.class_names is None:
        raise InputError(
            f"{source.name} has no labels, and {recipe.slug()} learns classes: give a folder with a sub-folder for "
            "each class, an .npz file with labels, or a labelled data set"
        )
    return LabelledSource(**{field.name: getattr(source, field.name) for field in fields(source)})
