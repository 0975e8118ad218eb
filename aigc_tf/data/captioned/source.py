"""Sources of captioned images."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.data.captioned.combinations import held_out_combinations, near_clusters, reduced
from aigc_tf.data.images.source import ImageSource, Split, chunks_of, to_unit
from aigc_tf.data.order import Rows
from aigc_tf.data.source import NO_VALIDATION, Batch, PartName, validation_count


@dataclass(frozen=True, eq=False)
class CaptionedSplit(Split):
    """Captioned images for one purpose."""

    captions: Sequence[Sequence[str]] = ()
    """One or more captions for each image."""

    def at(self, rows: np.ndarray) -> CaptionedSplit:
        """The images at some positions, int64 `[count]`."""
        pictures = super().at(rows)
        return CaptionedSplit(pictures.images, None, captions=[self.captions[row] for row in rows])

    def held_out(self, room: int, seed: int) -> np.ndarray:
        """Which of them to hold out as combinations; see `held_out_combinations`."""
        forms = [[reduced(caption) for caption in own] for own in self.captions]
        return held_out_combinations(forms, near_clusters(np.asarray(self.images)), room, seed)


@dataclass(frozen=True, eq=False, kw_only=True)
class CaptionedSource(ImageSource):
    """Images with captions, split by combinations of words. To image models it is an ordinary source of images."""

    surveyed_by: ClassVar[str] = "aigc_tf.data.captioned.overview:overview"

    captions: Captions
    seed: int
    """Seed for choosing the validation part."""
    class_names: tuple[str, ...] | None = field(default=None, init=False)

    train: CaptionedSplit
    validation: CaptionedSplit | None = None
    test: CaptionedSplit

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, over all images and captions."""
        digest = hashlib.sha256(super().fingerprint.encode())
        for split in (self.training, self.test):
            assert isinstance(split, CaptionedSplit)
            for own in split.captions:
                digest.update("\0".join((*own, "")).encode())
        return digest.hexdigest()

    @property
    def assets(self) -> dict[str, Any]:
        """`captions`."""
        return {"captions": self.captions, **super().assets}

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        if self.validation is None:
            return NO_VALIDATION
        return f"{len(self.validation.images):,} of the training pictures, as combinations of known words"

    def validated(self) -> Self:
        """The same source with a validation part: combinations from the training part."""
        whole = self.training
        assert isinstance(whole, CaptionedSplit)
        chosen = whole.held_out(validation_count(len(whole.images)), self.seed)
        if not chosen.any():
            return self
        train, validation = (whole.at(np.flatnonzero(side)) for side in (~chosen, chosen))
        kept = CaptionedSplit(np.asarray(validation.images), None, captions=validation.captions)
        return dataclasses.replace(self, train=train, validation=kept, uncut=whole)

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        facts = {name: value for name, value in super().describe().items() if name != "classes"}
        vocabulary = self.captions.vocabulary
        symbols = f"{len(vocabulary):,} ({vocabulary.unit})"
        return facts | {"captions": self.caption_count, "tokens of captions": symbols}

    @property
    def caption_count(self) -> int:
        """Number of captions in the training part."""
        return sum(map(len, self.train.captions))

    def pairs(self, part: PartName, count: int) -> tuple[np.ndarray, list[str]]:
        """At most `count` images of a part, evenly spread, uint8, and the first caption of each."""
        split: CaptionedSplit = self.part(part).some(count)
        return np.asarray(split.images), [own[0] for own in split.captions]

    def titles(self, part: PartName, count: int) -> list[str]:
        """Their captions."""
        return self.pairs(part, count)[1]

    def shown(self, part: PartName, count: int) -> tuple[np.ndarray, list[str] | None]:
        """Images and their captions."""
        return self.pairs(part, count)

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """Evenly spread: `image` and `words` as in `read`, with the first caption of each image."""
        images, captions = self.pairs(part, count)
        for rows in chunks_of(images):
            yield {"image": to_unit(images[rows]), "words": self.captions.numbers(captions[rows])}

    def read(self, rows: Rows, seed: int) -> Batch:
        """`image` as in all sources of images, and `words`, int32 `[batch, length]`, a caption of each image."""

        def numbers(examples: np.ndarray, position: np.ndarray) -> np.ndarray:
            places = np.random.default_rng((seed, int(position))).random(len(examples)).tolist()
            owns = [self.train.captions[row] for row in examples]
            chosen = [own[int(place * len(own))] for own, place in zip(owns, places, strict=True)]
            return self.captions.numbers(chosen)

        words = tf.numpy_function(numbers, [rows.examples, rows.position], tf.int32, stateful=False)
        shape = (rows.examples.shape[0], self.captions.length)
        return super().read(rows, seed) | {"words": tf.ensure_shape(words, shape)}
