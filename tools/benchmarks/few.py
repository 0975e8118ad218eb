"""Training on few examples of a source, everything else unchanged."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from aigc_tf.data.images.source import ImageSource
from aigc_tf.data.photos.source import PhotoSource
from aigc_tf.data.source import Source
from aigc_tf.data.text.source import TextSource
from aigc_tf.data.text.split import TextSplit
from aigc_tf.engine.distribution import Workers
from aigc_tf.errors import InputError
from aigc_tf.recipes.base import Recipe


@dataclass(frozen=True)
class Few(Workers):
    """A strategy for `aigc_tf.train`: one process, trained on a subset of the examples."""

    examples: int = 100
    seed: int = 0
    """Random seed of the subset."""

    def agreed(self, source: Source, recipe: Recipe) -> Source:
        """The source with the subset as training examples."""
        return few(source, self.examples, self.seed)


def few(source: Any, count: int, seed: int) -> Any:
    """A source with a random subset of `count` training examples; larger subsets include smaller ones.

    Examples are pictures, photographs or lines; a text without lines gives one excerpt of `count` windows.

    Raises:
        InputError: there are too few, or the source is of another kind.
    """
    random = np.random.default_rng(seed)
    part: Any

    def rows(available: int) -> np.ndarray:
        _require(available, count, "examples", source.name)
        return np.sort(random.permutation(available)[:count])

    if isinstance(source, ImageSource):
        part = source.train.at(rows(len(source.train.images)))
    elif isinstance(source, PhotoSource):
        part = source.train.at(rows(len(source.train)))
    elif isinstance(source, TextSource):
        part = source.train.only(rows(source.count)) if source.settings.lines else _piece(source, count, random)
    else:
        raise InputError(f"{source.name} is not pictures, photographs or text: few of its examples cannot be chosen")
    return dataclasses.replace(source, train=part)


def _piece(source: TextSource, count: int, random: np.random.Generator) -> TextSplit:
    """`count` consecutive windows of the training text."""
    whole, length = source.train, source.settings.length
    _require(whole.symbols // length, count, f"windows of {length} tokens", source.name)
    start = int(random.uniform() * (whole.symbols - count * length))
    tokens = whole.tokens[start : start + count * length + 1]
    characters = round(whole.characters * len(tokens) / len(whole.tokens))
    return TextSplit(tokens, np.array([0, len(tokens)]), characters)


def _require(available: int, count: int, unit: str, name: str) -> None:
    if not 0 < count <= available:
        raise InputError(f"examples is {count}: {name} has {available:,} {unit} to train on, give from 1 to so many")
