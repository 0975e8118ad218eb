"""Sources of time series."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.assets import Asset
from aigc_tf.data.order import Order, Rows, Shuffled
from aigc_tf.data.source import NO_VALIDATION, Batch, PartName, Source, evenly, validation_count
from aigc_tf.errors import InputError

_HELD_OUT_WINDOWS = 500  # at once


@dataclass(frozen=True, eq=False)
class Scaling(Asset):
    """The names of series, and the mean and standard deviation that standardise them for models."""

    names: tuple[str, ...]
    mean: np.ndarray
    """float64 `[series]`, means of the training part."""
    deviation: np.ndarray
    """float64 `[series]`, standard deviations of the training part; positive."""

    def standardise(self, values: np.ndarray) -> np.ndarray:
        """Standardise values `[..., series]`."""
        return (values - self.mean) / self.deviation

    def restore(self, standardised: np.ndarray) -> np.ndarray:
        """Invert `standardise`, `[..., series]`, to the series' own units."""
        return standardised * self.deviation + self.mean

    def to_json(self) -> str:
        """This scaling as JSON."""
        fields = {"names": self.names, "mean": self.mean.tolist(), "deviation": self.deviation.tolist()}
        return json.dumps(fields, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse the output of `to_json`.

        Raises:
            InputError: it is not valid.
        """
        try:
            fields = json.loads(text)
            names = tuple(map(str, fields["names"]))
            mean, deviation = (np.array(fields[name], np.float64) for name in ("mean", "deviation"))
            if not names or not mean.shape == deviation.shape == (len(names),):
                raise ValueError("it does not have one mean and one deviation for each name")
            if not np.isfinite(mean).all() or not (np.isfinite(deviation) & (deviation > 0)).all():
                raise ValueError("its means and deviations are not finite, or a deviation is not positive")
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise InputError(f"scaling.json is not a scaling of series: {error}") from None
        return cls(names, mean, deviation)


def measure_scaling(names: Sequence[str], values: np.ndarray) -> Scaling:
    """Compute the scaling of series `[time, series]`."""
    # Means of large numbers are accurate enough relative to the first value.
    shifted = values - values[0]
    return Scaling(tuple(names), values[0] + shifted.mean(axis=0), shifted.std(axis=0))


@dataclass(frozen=True, eq=False, kw_only=True)
class SeriesSource(Source):
    """Real-valued series side by side, split in time into training, validation and test parts."""

    surveyed_by: ClassVar[str] = "aigc_tf.data.series.overview:overview"

    scaling: Scaling
    window: int
    """Time steps of a training example."""
    reading: str = ""
    """Notes on how the series were read from a table."""

    train: np.ndarray
    """float64 `[time, series]` in the series' own units."""
    validation: np.ndarray | None = None
    test: np.ndarray

    @property
    def training(self) -> np.ndarray:
        """The training part followed by the validation part."""
        return self.train if self.validation is None else np.concatenate([self.train, self.validation])

    @property
    def values(self) -> np.ndarray:
        """The whole time range, float64 `[time, series]`."""
        return np.concatenate([self.training, self.test])

    def before(self, step: int) -> np.ndarray:
        """The first `step` time steps; test values are only touched if they are among these."""
        return self.training[:step] if step <= len(self.training) else self.values[:step]

    @property
    def history(self) -> np.ndarray:
        """The whole time range."""
        return self.values

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, over the names and values of the series."""
        digest = hashlib.sha256(json.dumps(self.scaling.names).encode())
        for part in (self.training, self.test):
            digest.update(f"{part.shape};".encode())
            digest.update(np.ascontiguousarray(part, "<f8").data.cast("B"))
        return digest.hexdigest()

    @property
    def assets(self) -> dict[str, Any]:
        """`scaling`, of the whole training part."""
        return {"scaling": self.scaling, **super().assets}

    @property
    def count(self) -> int:
        """Number of windows in the training part; they overlap."""
        return len(self.train) - self.window + 1

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        if self.validation is None:
            return NO_VALIDATION
        return f"the last {len(self.validation):,} steps of the training time"

    def validated(self) -> Self:
        """This with a validation part: the last 5 % of the training time, 2,500 steps at most, a window at least."""
        whole = self.training
        count = max(validation_count(len(whole)), self.window)
        if len(whole) - count < self.window:
            return self
        return dataclasses.replace(self, train=whole[:-count], validation=whole[-count:])

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return {
            "series": list(self.scaling.names),
            "training time steps": len(self.train),
            "validation time steps": 0 if self.validation is None else len(self.validation),
            "validation split": self.validation_split,
            "test time steps": len(self.test),
            "test split": self.test_split,
            **({"read as": self.reading} if self.reading else {}),
            "licence": self.licence,
        }

    def order(self, batch_size: int, seed: int) -> Order:
        """Each window once per epoch; if there are fewer than a batch, a batch is all of them."""
        return Shuffled(self.count, min(batch_size, self.count), seed)

    def read(self, rows: Rows, seed: int) -> Batch:
        """`series`, float32 `[batch, window, series]`, standardised."""
        values = tf.constant(self.scaling.standardise(self.train), tf.float32)
        inside = tf.range(self.window, dtype=tf.int64)
        return {"series": tf.gather(values, rows.examples[:, tf.newaxis] + inside)}

    def inputs(self, part: PartName, count: int) -> np.ndarray:
        """Windows in the series' own units, float64 `[count, window, series]`."""
        return self.scaling.restore(self.windows_of(part, count).astype(np.float64))

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """`series`: windows, evenly spread, standardised; they overlap unless `count` is small."""
        windows = self.windows_of(part, count)
        for at in range(0, len(windows), _HELD_OUT_WINDOWS):
            yield {"series": windows[at : at + _HELD_OUT_WINDOWS]}

    def windows_of(self, name: PartName, count: int) -> np.ndarray:
        """At most `count` windows of a part, evenly spread: float32 `[windows, window, series]`, standardised.

        They overlap unless `count` is small.
        """
        part = self.part(name)
        last = len(part) - self.window
        starts = evenly(last + 1, count)
        values = self.scaling.standardise(part).astype(np.float32)
        return values[starts[:, np.newaxis] + np.arange(self.window)]
