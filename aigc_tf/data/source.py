"""The base of all data sources: three parts, and batches that depend only on (seed, step)."""

from __future__ import annotations

import abc
import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.order import ALL, Order, Poisson, PoissonSampled, Rows, Shuffled
from aigc_tf.data.overview import Overview
from aigc_tf.errors import InputError
from aigc_tf.recipes.base import Recipe
from aigc_tf.references import resolve

# Number of batches to prefetch.
PREFETCHED = 4

Batch = dict[str, tf.Tensor]
"""Named tensors: `image`, `label`, `tokens`, `series`, ..."""

PartName = Literal["train", "validation", "test"]

TEST_SPLIT = "test split of the data set"
HELD_OUT = "10 % held out by content hash"
GIVEN = "data given from Python"
OWN_LICENCE = "the user's own"
VALIDATION_SHARE, MAX_VALIDATION = 0.05, 2500
NO_VALIDATION = "none: the training part itself is the reference"


def licence_is_known(licence: str) -> bool:
    """Whether a source's licence text states terms of use."""
    return bool(licence) and not licence.startswith((OWN_LICENCE, "see "))


def evenly(available: int, count: int) -> np.ndarray:
    """`count` indices below `available`, or all if there are fewer, evenly spread, ascending: int64."""
    count = min(count, available)
    return np.arange(count, dtype=np.int64) * (available - 1) // max(count - 1, 1)


def validation_count(examples: int) -> int:
    """Size of the validation part for a number of training examples: 5 %, at most 2,500, and at least 1 of 2."""
    return min(max(int(VALIDATION_SHARE * examples), 1), MAX_VALIDATION, max(examples - 1, 0))


def validation_keys(examples: Iterable[np.ndarray]) -> np.ndarray:
    """The hashes for `held_out_by_key`: uint64 `[examples]`."""
    return np.array([validation_key([np.ascontiguousarray(example).data]) for example in examples], np.uint64)


def validation_key(content: Iterable[memoryview]) -> int:
    """The hash of one example, whose content may come in parts; the test part uses a different hash."""
    digest = hashlib.blake2b(digest_size=8, person=b"validation")
    for part in content:
        digest.update(part)
    return int.from_bytes(digest.digest())


def held_out_by_key(keys: np.ndarray, room: int | None = None) -> np.ndarray:
    """Choose the held-out examples: those with the smallest hashes, with duplicates on the same side.

    Args:
        keys: hashes of the examples, uint64 `[examples]`.
        room: maximum number; by default the size of a validation part.

    Returns:
        bool `[examples]`; groups of duplicates too large to be held out stay in the training part.
    """
    room = validation_count(len(keys)) if room is None else room
    chosen = []
    for key, copies in zip(*np.unique(keys, return_counts=True), strict=True):
        if copies <= room:
            chosen.append(key)
            room -= copies
        if not room:
            break
    return np.isin(keys, np.array(chosen, np.uint64))


@dataclass(frozen=True, eq=False, kw_only=True)
class Source(abc.ABC):
    """Examples for training, validation (choosing the best checkpoint, early stopping) and testing.

    The parts are attributes whose type depends on the modality: `train` for learning, `validation` for choices, and
    `test`, which only `evaluate` reads.
    """

    surveyed_by: ClassVar[str] = "aigc_tf.data.overview:examples_alone"
    """A function that computes the source's `overview`."""

    name: str
    """The name to use as a recipe's `source`."""
    test_split: str
    """Origin of the test part, for protocols."""
    licence: str
    """Licence and attribution."""
    notes: tuple[str, ...] = ()
    """Messages to show the user once."""
    poisson: Poisson | None = None
    """Sample batches by Poisson sampling; None uses each example once per epoch."""
    promises: Mapping[str, Any] = field(default_factory=dict)
    """Further assets made outside the source: the guarantee of private training."""
    terms: Mapping[str, Any] = field(default_factory=dict)
    """Assets, by name, that no model needs but runs keep: the clients that train together."""

    train: Any
    validation: Any
    test: Any

    @property
    @abc.abstractmethod
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, over the content of the training part, validation included, and the test part."""

    @property
    @abc.abstractmethod
    def count(self) -> int:
        """Examples per epoch."""

    @property
    def examples(self) -> np.ndarray:
        """Example numbers of an epoch, int64 `[examples]`, which can be read in any order and split among clients.

        Raises:
            InputError: examples of this source are not independent.
        """
        return np.arange(self.count, dtype=np.int64)

    @property
    def labels_of_examples(self) -> np.ndarray:
        """The class of each of `examples`, int64 `[examples]`.

        Raises:
            InputError: there are no classes.
        """
        raise InputError(f"{self.name} has no classes")

    @property
    @abc.abstractmethod
    def validation_split(self) -> str:
        """Origin of the validation part, for protocols."""

    @abc.abstractmethod
    def validated(self) -> Self:
        """This source with a validation part split from its training part (5 %, at most 2,500 examples)."""

    def cut_by_key(self, only: Callable[[np.ndarray], Any], keys: np.ndarray) -> Self:
        """This source with a validation part of the training examples chosen by `held_out_by_key`.

        Args:
            only: selects a part of the whole training part by bool `[examples]`.
            keys: hashes of its examples, uint64 `[examples]`, equal for examples that stay together.

        Returns:
            This source unchanged if nothing can be held out.
        """
        held_out = held_out_by_key(keys)
        if not held_out.any():
            return self
        return dataclasses.replace(self, train=only(~held_out), validation=only(held_out))

    @abc.abstractmethod
    def read(self, rows: Rows, seed: int) -> Batch:
        """Read the examples of a batch as named tensors, `[batch, ...]`.

        Args:
            rows: the examples, from an order.
            seed: for randomness while reading, such as augmentation.
        """

    @abc.abstractmethod
    def inputs(self, part: PartName, count: int) -> Any:
        """At most `count` examples of a part, evenly spread, as inputs of models of this modality."""

    @property
    def history(self) -> Any:
        """The whole data if it is a time series: what forecasts continue.

        Raises:
            InputError: it is not.
        """
        raise InputError(f"{self.name} has no order in time: name a file to go on from")

    def titles(self, part: PartName, count: int) -> list[str] | None:
        """Titles of those examples, if they have any: class names, or the text itself."""
        return None

    def shown(self, part: PartName, count: int) -> tuple[Any, list[str] | None]:
        """At most `count` examples of a part to show, from all classes, and their titles; see `inputs`."""
        return self.inputs(part, count), self.titles(part, count)

    @abc.abstractmethod
    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """At most `count` examples of a part as batches for a model's `test_step`, always the same."""

    @abc.abstractmethod
    def describe(self) -> dict[str, Any]:
        """The description that a run records, JSON-able, in words that the model card shows."""

    def overview(self) -> Overview:
        """Statistics of the training part, to inspect before training."""
        overview: Overview = resolve(self.surveyed_by)(self)
        return overview

    def for_recipe(self, recipe: Recipe) -> Self:
        """This source with a validation part if the recipe needs one, or with the whole training part."""
        return self.validated() if recipe.chosen_on == "validation" else self

    @property
    def assets(self) -> dict[str, Any]:
        """What models may need to know about the data, by name; a recipe's `assets` lists what its model needs."""
        return dict(self.promises)

    def assets_for(self, recipe: Recipe) -> dict[str, Any]:
        """The assets that the recipe's model needs, by name."""
        return {name: self.assets[name] for name in recipe.assets}

    def kept_for(self, recipe: Recipe) -> dict[str, Any]:
        """The assets that a run of the recipe keeps, by name."""
        return self.assets_for(recipe) | dict(self.terms)

    @property
    def watched(self) -> Any:
        """The part monitored during training: validation, or the training part if nothing was split off."""
        return self.train if self.validation is None else self.validation

    def part(self, name: PartName) -> Any:
        """A part by name; "validation" is the training part if nothing was split off."""
        return {"train": self.train, "validation": self.watched, "test": self.test}[name]

    def sizes_in_words(self, unit: str, size: Callable[[Any], int]) -> str:
        """ "950 images to train on, 50 to validate on, 100 to test on (10 % held out by content hash)".

        Args:
            unit: name of what is counted.
            size: returns the size of a part.
        """
        choosing = "" if self.validation is None else f"{size(self.validation):,} to validate on, "
        testing = f"{size(self.test):,} to test on ({self.test_split})"
        return f"{size(self.train):,} {unit} to train on, {choosing}{testing}"

    def split_in_words(self, name: PartName) -> str:
        """Origin of a part, for protocols."""
        return {"train": "training part", "validation": self.validation_split, "test": self.test_split}[name]

    def order(self, batch_size: int, seed: int) -> Order:
        """The order of examples: step -> the examples in its batch."""
        return Shuffled(self.count, batch_size, seed)

    def batches(self, batch_size: int, seed: int, first_step: int = 0, rows: slice = ALL) -> tf.data.Dataset:
        """Endless batches of training examples; the batch of step t depends only on (seed, t).

        Args:
            batch_size: examples per batch.
            seed: for shuffling each epoch, and randomness while reading.
            first_step: the step of the first batch, so that a run can resume from there.
            rows: the rows of each batch to return; all by default.

        Returns:
            A data set of `Batch`; with Poisson sampling of tuples of them, one for each noisy update.

        Raises:
            ValueError: `first_step` is negative, or the order is not possible.
        """
        if first_step < 0:
            raise ValueError(f"first_step is {first_step}: expected 0 or more")
        steps = tf.data.Dataset.counter(start=first_step, dtype=tf.int64)
        if self.poisson is None:
            order = self.order(batch_size, seed)
            return steps.map(lambda step: self.read(order.rows(step, rows), seed)).prefetch(PREFETCHED)
        drawn, updates = PoissonSampled(self.count, self.poisson.rate, seed), self.poisson.batches_in_step

        def batches_of(step: tf.Tensor) -> tuple[Batch, ...]:
            return tuple(self.read(drawn.rows(step * updates + index, rows), seed) for index in range(updates))

        return steps.map(batches_of).prefetch(PREFETCHED)


@dataclass(frozen=True, eq=False, kw_only=True)
class HashedSource(Source):
    """A source whose content is hashed on opening."""

    content: str
    """SHA-256, in hexadecimal, over the content of all parts."""

    @property
    def fingerprint(self) -> str:
        """See `Source.fingerprint`."""
        return self.content
