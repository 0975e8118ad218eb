"""Sources of video."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.order import Rows
from aigc_tf.data.source import NO_VALIDATION, Batch, PartName, Source
from aigc_tf.data.video.splits import MovingSplit, VideoSplit
from aigc_tf.nn.augmentation import numbers_at

_AT_ONCE = 8
_SEEDS = 2**24  # number of values that a float32 in [0, 1) distinguishes


@dataclass(frozen=True, eq=False, kw_only=True)
class VideoSource(Source):
    """Windows of clips."""

    train: VideoSplit
    validation: VideoSplit | None = None
    test: VideoSplit
    uncut: VideoSplit | None = None
    """The training part including the validation part; None if none was split off."""
    validated_by: str = NO_VALIDATION
    """Origin of the validation part."""

    @cached_property
    def fingerprint(self) -> str:
        """See `Source.fingerprint`."""
        parts = (self.uncut or self.train, self.test)
        return hashlib.sha256(b"".join(part.digest() for part in parts)).hexdigest()

    @property
    def is_public(self) -> bool:
        """Whether it may be shown to anybody: sprites from public data sets, or synthetic shapes."""
        return isinstance(self.train, MovingSplit)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Shape of a window: frames, height, width, channels."""
        return self.train.window(0, None).shape

    @property
    def count(self) -> int:
        """Windows per epoch."""
        return len(self.train)

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        return self.validated_by

    def validated(self) -> Self:
        """See `Source.validated`."""
        found = self.train.cut()
        if found is None:
            return self
        train, validation, words = found
        return dataclasses.replace(self, train=train, validation=validation, uncut=self.train, validated_by=words)

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return {
            "training windows": len(self.train),
            "frames of a window": self.train.frames,
            "crop": self.train.crop,
            "validation split": self.validation_split,
            "test windows": len(self.test),
            "test split": self.test_split,
            "licence": self.licence,
        }

    def inputs(self, part: PartName, count: int) -> np.ndarray:
        """Windows, uint8 `[count, frames, crop, crop, channels]`."""
        found: np.ndarray = self.part(part).spread(count)
        return found

    def unit_crops(self, part: PartName, count: int, side: int | None = None) -> np.ndarray:
        """The first frame of windows, float32 `[at most count, side, side, channels]` in [0, 1].

        Args:
            part: part of the source.
            count: maximum number.
            side: height and width; by default those of windows; larger ones pad frames by reflection.
        """
        return squares(self.inputs(part, count)[:, 0].astype(np.float32) / 255, side or self.train.crop)

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """Windows in the form of training batches."""
        windows = self.inputs(part, count)
        for start in range(0, len(windows), _AT_ONCE):
            yield {"clip": windows[start : start + _AT_ONCE].astype(np.float32) / 255}

    def read(self, rows: Rows, seed: int) -> Batch:
        """`clip`, float32 `[batch, frames, crop, crop, channels]` in [0, 1]."""
        size = rows.examples.shape[0]
        numbers = numbers_at(rows.position, size, seed)

        def windows(examples: np.ndarray, numbers: np.ndarray) -> np.ndarray:
            seeds = (numbers[:, :2] * _SEEDS).astype(np.int64)
            return self.train.windows(examples, seeds, seed).astype(np.float32) / 255

        clip = tf.numpy_function(windows, [rows.examples, numbers], tf.float32, stateful=False)
        return {"clip": tf.ensure_shape(clip, (size, *self.shape))}


def squares(frames: np.ndarray, side: int) -> np.ndarray:
    """Frames `[..., height, width, channels]` cropped to a side, or padded by reflection at the right and bottom."""
    missing = [(0, max(0, side - size)) for size in frames.shape[-3:-1]]
    around = [(0, 0)] * (frames.ndim - 3) + [*missing, (0, 0)]
    return np.pad(frames, around, mode="symmetric")[..., :side, :side, :]
