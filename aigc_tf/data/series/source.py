"""What a source of series is, and how training reads it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.images.source import ALL, shuffled
from aigc_tf.errors import InputError

_PREFETCHED = 2


@dataclass(frozen=True, eq=False)
class Scaling:
    """The names of some series, and the units in which models see them: deviations from the mean."""

    names: tuple[str, ...]
    mean: np.ndarray
    """float64 `[series]`, of the part that is trained on."""
    deviation: np.ndarray
    """float64 `[series]`, of the same; positive."""

    def standardise(self, values: np.ndarray) -> np.ndarray:
        """Values `[..., series]` in deviations from the mean."""
        return (values - self.mean) / self.deviation

    def restore(self, standardised: np.ndarray) -> np.ndarray:
        """What `standardise` made, `[..., series]`, in the series' own units."""
        return standardised * self.deviation + self.mean

    def to_json(self) -> str:
        """This scaling as JSON."""
        fields = {"names": self.names, "mean": self.mean.tolist(), "deviation": self.deviation.tolist()}
        return json.dumps(fields, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote.

        Raises:
            InputError: it is something else.
        """
        try:
            fields = json.loads(text)
            names = tuple(map(str, fields["names"]))
            mean, deviation = (np.array(fields[name], np.float64) for name in ("mean", "deviation"))
            if not names or not mean.shape == deviation.shape == (len(names),):
                raise ValueError("it has not one mean and one deviation for each name")
            if not np.isfinite(mean).all() or not (np.isfinite(deviation) & (deviation > 0)).all():
                raise ValueError("its means and deviations are not finite, or a deviation is not positive")
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise InputError(f"scaling.json is no scaling of series: {error}") from None
        return cls(names, mean, deviation)


def measure_scaling(names: Sequence[str], values: np.ndarray) -> Scaling:
    """The scaling of series `[time, series]`."""
    # Means of large numbers are kept exact enough by taking them from the first value on.
    shifted = values - values[0]
    return Scaling(tuple(names), values[0] + shifted.mean(axis=0), shifted.std(axis=0))


@dataclass(frozen=True, eq=False)
class SeriesSource:
    """Series of real numbers side by side, split in time for training and testing."""

    name: str
    """What names it again as a recipe's `source`."""
    scaling: Scaling
    window: int
    """Steps of time in a training example."""
    train: np.ndarray
    """float64 `[time, series]` in the series' own units."""
    test: np.ndarray
    """The time after that, `[time, series]`."""
    test_split: str
    """How the test split came about, for protocols."""
    licence: str
    """Licence and attribution."""
    notes: tuple[str, ...]
    """Lines that the user should see once."""

    @property
    def values(self) -> np.ndarray:
        """All of the time, float64 `[time, series]`."""
        return np.concatenate([self.train, self.test])

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, over the names and values of the series."""
        digest = hashlib.sha256(json.dumps(self.scaling.names).encode())
        for part in (self.train, self.test):
            digest.update(f"{part.shape};".encode())
            digest.update(np.ascontiguousarray(part, "<f8").data.cast("B"))
        return digest.hexdigest()

    def describe(self) -> dict[str, Any]:
        """What a run records of its source."""
        return {
            "series": list(self.scaling.names),
            "training steps of time": len(self.train),
            "test steps of time": len(self.test),
            "test split": self.test_split,
            "licence": self.licence,
        }

    def training_batches(self, batch_size: int, seed: int, first_step: int = 0, rows: slice = ALL) -> tf.data.Dataset:
        """Batches of windows of the training part without end, each window once in an epoch, in an order of its own.

        The batch of step t depends on (seed, t) alone, so a run that starts again at step t reads on where it
        stopped. An epoch may end inside a batch; the next one begins there.

        Args:
            batch_size: windows in a batch; where there are fewer in all, a batch is all of them.
            seed: decides the order, epoch by epoch.
            first_step: the step whose batch comes first.
            rows: of each batch, those that are given; all by default.

        Returns:
            float32 `[batch, window, series]`, standardised.
        """
        values = tf.constant(self.scaling.standardise(self.train), tf.float32)
        count = len(self.train) - self.window + 1
        size = min(batch_size, count)
        inside = tf.range(self.window, dtype=tf.int64)

        def batch(step: tf.Tensor) -> tf.Tensor:
            positions = (step * size + tf.range(size, dtype=tf.int64))[rows]
            starts = shuffled(positions, count, seed)  # [batch]
            return tf.gather(values, starts[:, tf.newaxis] + inside)

        return tf.data.Dataset.counter(start=first_step, dtype=tf.int64).map(batch).prefetch(_PREFETCHED)

    def test_windows(self, count: int) -> np.ndarray:
        """At most `count` windows of the test part, evenly spread: float32 `[windows, window, series]`, standardised.

        They overlap unless `count` is small.
        """
        last = len(self.test) - self.window
        starts = np.unique(np.linspace(0, last, min(count, last + 1)).astype(np.int64))
        values = self.scaling.standardise(self.test).astype(np.float32)
        return values[starts[:, np.newaxis] + np.arange(self.window)]
