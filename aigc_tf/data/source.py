"""What every source of examples is, whatever they are: three parts, and batches that depend on (seed, step) alone."""

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

# Batches that are prepared while the model trains on earlier ones.
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
    """Whether what is said of a source's licence says on what terms its examples may be used."""
    return bool(licence) and not licence.startswith((OWN_LICENCE, "see "))


def evenly(available: int, count: int) -> np.ndarray:
    """`count` of the numbers below `available`, all if there are fewer, evenly spread, ascending: int64."""
    count = min(count, available)
    return np.arange(count, dtype=np.int64) * (available - 1) // max(count - 1, 1)


def validation_count(examples: int) -> int:
    """How many of so many training examples are held out to choose by: 5 %, at most 2,500, and 1 at least of 2."""
    return min(max(int(VALIDATION_SHARE * examples), 1), MAX_VALIDATION, max(examples - 1, 0))


def validation_keys(examples: Iterable[np.ndarray]) -> np.ndarray:
    """The hashes that `held_out_by_key` decides by: uint64 `[examples]`."""
    return np.array([validation_key([np.ascontiguousarray(example).data]) for example in examples], np.uint64)


def validation_key(content: Iterable[memoryview]) -> int:
    """The hash of one example, whose content may come in parts; the test part is decided by another one."""
    digest = hashlib.blake2b(digest_size=8, person=b"validation")
    for part in content:
        digest.update(part)
    return int.from_bytes(digest.digest())


def held_out_by_key(keys: np.ndarray, room: int | None = None) -> np.ndarray:
    """Which examples are held out: those with the smallest hashes, equal ones on one side.

    Args:
        keys: hashes of the examples, uint64 `[examples]`.
        room: how many, at most; by default as many training examples as are held out to choose by.

    Returns:
        bool `[examples]`; examples of which there are more than may be held out are trained on.
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
    """Examples for training, for choosing (the best checkpoint, when to stop) and for measuring.

    The parts are attributes of the kind that the modality needs: `train` is learnt from, `validation` chooses, and
    `test` is looked at by `evaluate` alone.
    """

    surveyed_by: ClassVar[str] = "aigc_tf.data.overview:examples_alone"
    """A function of the source that finds what `overview` says."""

    name: str
    """What names it again as a recipe's `source`."""
    test_split: str
    """How the test part came about, for protocols."""
    licence: str
    """Licence and attribution."""
    notes: tuple[str, ...] = ()
    """Lines that the user should see once."""
    poisson: Poisson | None = None
    """Draw batches by Poisson sampling; None takes each example once in an epoch."""
    promises: Mapping[str, Any] = field(default_factory=dict)
    """Further assets, which others than the source itself made: the guarantee of private training."""
    terms: Mapping[str, Any] = field(default_factory=dict)
    """Assets that no model has to know of, by name, which its runs keep all the same: who trains on it together."""

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
        """Examples in an epoch of training."""

    @property
    def examples(self) -> np.ndarray:
        """The numbers of an epoch's examples, int64 `[examples]`, to be read in any order and dealt out to clients.

        Raises:
            InputError: examples of this source do not stand by themselves.
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
        """How the validation part came about, for protocols."""

    @abc.abstractmethod
    def validated(self) -> Self:
        """This source with a validation part cut from its training part (5 %, at most 2,500 examples)."""

    def cut_by_key(self, only: Callable[[np.ndarray], Any], keys: np.ndarray) -> Self:
        """This source with a validation part: the training examples that `held_out_by_key` holds out.

        Args:
            only: some of the training part, of which nothing is cut off yet, bool `[examples]`.
            keys: hashes of these, uint64 `[examples]`, the same for those that stay together.

        Returns:
            Itself if there is nothing that can be held out.
        """
        held_out = held_out_by_key(keys)
        if not held_out.any():
            return self
        return dataclasses.replace(self, train=only(~held_out), validation=only(held_out))

    @abc.abstractmethod
    def read(self, rows: Rows, seed: int) -> Batch:
        """The examples of a batch as named tensors, `[batch, ...]`.

        Args:
            rows: which, as an order gives them.
            seed: of what is drawn while reading, such as augmentation.
        """

    @abc.abstractmethod
    def inputs(self, part: PartName, count: int) -> Any:
        """At most `count` examples of a part, evenly spread, as the modality has them: what models of it take."""

    @property
    def history(self) -> Any:
        """All of the data, where it is in order of time: what forecasts go on from.

        Raises:
            InputError: it is not.
        """
        raise InputError(f"{self.name} has no order in time: name a file to go on from")

    def titles(self, part: PartName, count: int) -> list[str] | None:
        """What those examples are called, where they have names: classes, or the text itself."""
        return None

    def shown(self, part: PartName, count: int) -> tuple[Any, list[str] | None]:
        """At most `count` examples of a part to look at, of all its kinds, and their titles; see `inputs`."""
        return self.inputs(part, count), self.titles(part, count)

    @abc.abstractmethod
    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """At most `count` examples of a part as batches for a model's `test_step`, always the same."""

    @abc.abstractmethod
    def describe(self) -> dict[str, Any]:
        """What a run records of its source, JSON-able, in words that the model card shows."""

    def overview(self) -> Overview:
        """What there is to know of the training part before a model is trained on it."""
        overview: Overview = resolve(self.surveyed_by)(self)
        return overview

    def for_recipe(self, recipe: Recipe) -> Self:
        """This source with the part that the recipe chooses by: validation, or the training part as it is."""
        return self.validated() if recipe.chosen_on == "validation" else self

    @property
    def assets(self) -> dict[str, Any]:
        """What models may need to know of it, by name; a recipe's `assets` names those that its model needs."""
        return dict(self.promises)

    def assets_for(self, recipe: Recipe) -> dict[str, Any]:
        """Those assets that the recipe's model needs, by name."""
        return {name: self.assets[name] for name in recipe.assets}

    def kept_for(self, recipe: Recipe) -> dict[str, Any]:
        """What a run of the recipe keeps of it, by name."""
        return self.assets_for(recipe) | dict(self.terms)

    @property
    def watched(self) -> Any:
        """The part that is looked at while training: validation, or where nothing is cut off the training part."""
        return self.train if self.validation is None else self.validation

    def part(self, name: PartName) -> Any:
        """A part by its name; "validation" is the training part where nothing is cut off for it."""
        return {"train": self.train, "validation": self.watched, "test": self.test}[name]

    def sizes_in_words(self, unit: str, size: Callable[[Any], int]) -> str:
        """ "950 images to train on, 50 to choose by, 100 to test on (10 % held out by content hash)".

        Args:
            unit: what is counted.
            size: of a part.
        """
        choosing = "" if self.validation is None else f"{size(self.validation):,} to choose by, "
        testing = f"{size(self.test):,} to test on ({self.test_split})"
        return f"{size(self.train):,} {unit} to train on, {choosing}{testing}"

    def split_in_words(self, name: PartName) -> str:
        """How a part came about, for protocols."""
        return {"train": "training part", "validation": self.validation_split, "test": self.test_split}[name]

    def order(self, batch_size: int, seed: int) -> Order:
        """Step -> which examples its batch holds."""
        return Shuffled(self.count, batch_size, seed)

    def batches(self, batch_size: int, seed: int, first_step: int = 0, rows: slice = ALL) -> tf.data.Dataset:
        """Batches of training examples without end; the batch of step t depends on (seed, t) alone.

        Args:
            batch_size: examples in a batch.
            seed: decides the order, epoch by epoch, and what is drawn while reading.
            first_step: the step whose batch comes first, so that a run that starts again there reads on.
            rows: of each batch, those that are given; all by default.

        Returns:
            A data set of `Batch`; with Poisson sampling of tuples of them, one for each noised update.

        Raises:
            ValueError: `first_step` is negative, or the order cannot be made.
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
    """A source whose content is hashed when it is opened."""

    content: str
    """SHA-256, in hexadecimal, over all that the parts hold."""

    @property
    def fingerprint(self) -> str:
        """See `Source.fingerprint`."""
        return self.content
