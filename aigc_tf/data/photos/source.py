"""Sources of photographs: random crops for training, whole images for evaluation."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.images.source import chunks_of, to_unit
from aigc_tf.data.order import Rows
from aigc_tf.data.photos.photos import Photos, middle
from aigc_tf.data.source import (
    NO_VALIDATION,
    Batch,
    PartName,
    Source,
    evenly,
    held_out_by_key,
    validation_key,
    validation_keys,
)
from aigc_tf.nn.augmentation import numbers_at
from aigc_tf.recipes.photos import PhotoSettings

OWN_VALIDATION = "the validation folder"


@dataclass(frozen=True, eq=False, kw_only=True)
class PhotoSource(Source):
    """Photographs of any size, all at least as large as a crop; image pairs have twice the channels."""

    surveyed_by: ClassVar[str] = "aigc_tf.data.photos.overview:overview"

    settings: PhotoSettings
    train: Photos
    validation: Photos | None = None
    test: Photos
    uncut: Photos | None = None
    """The training part including the validation part; None if none was split off."""
    own_validation: Photos | None = None
    """The source's own validation part, used instead of splitting one off."""
    motifs: tuple[bytes, ...] | None = None
    """The motif of each training photograph: variants of a motif are held out together."""

    @cached_property
    def fingerprint(self) -> str:
        """See `Source.fingerprint`: over sizes and pixels."""
        digest = hashlib.sha256()
        for part in self._fingerprinted:
            digest.update(f"{len(part)} {part.channels};".encode())
            for photo in part:
                digest.update(f"{photo.shape};".encode())
                digest.update(np.ascontiguousarray(photo).data)
        return digest.hexdigest()

    @property
    def _fingerprinted(self) -> list[Photos]:
        """All photographs of the source."""
        own = [] if self.own_validation is None else [self.own_validation]
        return [self.uncut or self.train, self.test, *own]

    @cached_property
    def count(self) -> int:
        """Number of crops that cover the training photographs."""
        return int(self.train.tiles(self.settings.crop).sum())

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        if self.validation is None:
            return NO_VALIDATION
        if self.validation is self.own_validation:
            return OWN_VALIDATION
        return f"{len(self.validation):,} of the training photographs, by content hash"

    def validated(self) -> Self:
        """See `Source.validated`; at least one photograph of two, with variants of a motif on the same side."""
        if self.own_validation is not None:
            return dataclasses.replace(self, validation=self.own_validation)
        chosen = held_out_by_key(self._validation_keys())
        if not chosen.any():
            return self
        train, validation = (self.train.at(np.flatnonzero(side)) for side in (~chosen, chosen))
        return dataclasses.replace(self, train=train, validation=validation, uncut=self.train)

    def _validation_keys(self) -> np.ndarray:
        """uint64 `[training photographs]`."""
        if self.motifs is None:
            return validation_keys(self.train)
        return np.array([validation_key([memoryview(motif)]) for motif in self.motifs], np.uint64)

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return {
            "training photographs": len(self.train),
            "crops in an epoch": self.count,
            "validation photographs": 0 if self.validation is None else len(self.validation),
            "validation split": self.validation_split,
            "test photographs": len(self.test),
            "test split": self.test_split,
            "crop": self.settings.crop,
            "licence": self.licence,
        }

    def inputs(self, part: PartName, count: int) -> Any:
        """Whole photographs, uint8 `[height, width, channels]`: a list, or an array if all have the same size."""
        photos = self.part(part)
        found = [self.named(photos[row])["image"] for row in evenly(len(photos), count)]
        return np.stack(found) if len({photo.shape for photo in found}) == 1 else found

    def crops_of(self, part: PartName, count: int, side: int | None = None) -> np.ndarray:
        """At most `count` crops of a part, evenly spread, always the same: uint8 `[count, side, side, channels]`.

        Args:
            part: part of the source.
            count: maximum number.
            side: size of the crops; by default that of training crops.
        """
        found: np.ndarray = self.part(part).spread(side or self.settings.crop, count)
        return found

    def unit_crops(self, part: PartName, count: int, side: int | None = None) -> np.ndarray:
        """`crops_of` as float32 in [0, 1]."""
        return self.crops_of(part, count, side).astype(np.float32) / 255

    def middles(self, part: PartName, count: int, side: int, multiple: int) -> list[np.ndarray]:
        """Centre crops of evenly spread photographs of a part: float32 `[height, width, channels]` in [0, 1] each.

        Args:
            part: part of the source.
            count: maximum number.
            side: maximum height and width.
            multiple: heights and widths are multiples of this.
        """
        photos, found = self.part(part), []
        for row in evenly(len(photos), count):
            photo = middle(photos[row], side)
            height, width = (size // multiple * multiple for size in photo.shape[:2])
            found.append(photo[:height, :width].astype(np.float32) / 255)
        return found

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """Crops in the form of training batches, evenly spread."""
        if not len(self.part(part)):
            return
        crops = self.crops_of(part, count)
        for rows in chunks_of(crops):
            yield self.named(to_unit(crops[rows]))

    def read(self, rows: Rows, seed: int) -> Batch:
        """`image`, float32 `[batch, crop, crop, channels]` in [-1, 1]; for pairs also `target`."""
        size, side = rows.examples.shape[0], self.settings.crop
        numbers = numbers_at(rows.position, size, seed)

        def crops(tiles: np.ndarray, numbers: np.ndarray) -> np.ndarray:
            return to_unit(self.train.crops(tiles, numbers, side, self.settings.turns))

        unit = tf.numpy_function(crops, [rows.examples, numbers], tf.float32, stateful=False)
        return self.named(tf.ensure_shape(unit, (size, side, side, self.train.channels)))

    def named(self, values: Any) -> dict[str, Any]:
        """Pixels `[..., channels]` as named tensors: `image`, and also `target` if there are twice the channels."""
        channels = self.settings.channels
        if values.shape[-1] == channels:
            return {"image": values}
        return {"image": values[..., :channels], "target": values[..., channels:]}
