"""Sources of captioned clips, composed on the fly from captioned images."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.moments.grams import grams_of
from aigc_tf.data.order import Rows
from aigc_tf.data.source import NO_VALIDATION, Batch, PartName, Source, evenly, held_out_by_key, validation_keys
from aigc_tf.data.video.clip import Clip
from aigc_tf.nn.augmentation import numbers_at
from aigc_tf.recipes.align import Align

_AT_ONCE = 8
_SEEDS = 2**24  # number of values that a float32 in [0, 1) distinguishes
_DRIFT = 0.12  # maximum movement of an image while it is shown, as a share of a side
_VALIDATION_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class CaptionedClip(Clip):
    """A clip with captions and their moments."""

    captions: tuple[str, ...] = ()
    """In any order."""
    places: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros((0, 2), int))
    """int `[captions, 2]`: first and last frame of each caption."""


@dataclass(frozen=True, eq=False)
class CaptionedPictures:
    """Captioned images, and clips composed of them.

    Args:
        pictures: uint8 `[count, side, side, channels]`.
        captions: of each.
        recipe: sets the number of images and frames in a clip.
    """

    pictures: np.ndarray
    captions: Sequence[str]
    recipe: Align

    def __len__(self) -> int:
        return len(self.pictures)

    def at(self, chosen: np.ndarray) -> CaptionedPictures:
        """The images at some positions."""
        captions = [self.captions[place] for place in chosen]
        return CaptionedPictures(self.pictures[chosen], captions, self.recipe)

    def clip(self, number: int, random: np.random.Generator) -> CaptionedClip:
        """A clip with an image and others with other captions, which move slowly one after the other.

        Args:
            number: index of the image.
            random: decides everything else.
        """
        recipe = self.recipe
        chosen = [number]
        for other in random.permutation(len(self)):
            if len(chosen) < recipe.scenes and all(self.captions[other] != self.captions[one] for one in chosen):
                chosen.append(int(other))
        chosen = list(random.permutation(chosen))
        spare = recipe.frames - recipe.shortest * len(chosen)
        lengths = recipe.shortest + np.bincount(random.integers(len(chosen), size=spare), minlength=len(chosen))
        ends = np.cumsum(lengths)
        frames = [
            frame
            for one, length in zip(chosen, lengths, strict=True)
            for frame in drifting(self.pictures[one], int(length), random)
        ]
        order = random.permutation(len(chosen))
        places = np.stack([ends - lengths, ends - 1], axis=1)[order]
        return CaptionedClip(
            np.stack(frames), captions=tuple(self.captions[chosen[place]] for place in order), places=places
        )

    def clips(self, count: int) -> list[CaptionedClip]:
        """At most `count` clips, always the same, whose first images are evenly spread."""
        return [self.clip(int(number), np.random.default_rng((int(number), 1))) for number in evenly(len(self), count)]

    @cached_property
    def digest(self) -> bytes:
        """A hash of all content."""
        content = hashlib.sha256(np.ascontiguousarray(self.pictures).data)
        content.update("\n".join(self.captions).encode())
        return content.digest()


def drifting(picture: np.ndarray, frames: int, random: np.random.Generator) -> np.ndarray:
    """An image that moves straight by whole pixels, with its borders replicated, and random brightness.

    Returns:
        uint8 `[frames, side, side, channels]`.
    """
    side = len(picture)
    most = max(1, round(_DRIFT * side))
    around = np.pad(picture, ((most, most), (most, most), (0, 0)), mode="edge")
    start, end = random.uniform(0, 2 * most, (2, 2))
    shares = np.linspace(0, 1, frames)[:, np.newaxis]
    places = np.rint((1 - shares) * start + shares * end).astype(int)
    shown = np.stack([around[top : top + side, left : left + side] for top, left in places])
    return np.clip(np.round(shown * random.uniform(0.8, 1.2)), 0, 255).astype(np.uint8)


@dataclass(frozen=True, eq=False, kw_only=True)
class MomentSource(Source):
    """Clips of captioned images."""

    train: CaptionedPictures
    validation: CaptionedPictures | None = None
    test: CaptionedPictures
    uncut: CaptionedPictures | None = None
    """The training part including the validation part; None if none was split off."""

    @cached_property
    def fingerprint(self) -> str:
        """See `Source.fingerprint`."""
        return hashlib.sha256((self.uncut or self.train).digest + self.test.digest).hexdigest()

    @property
    def count(self) -> int:
        """Clips per epoch: one for each image."""
        return len(self.train)

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        if self.validation is None:
            return NO_VALIDATION
        return f"clips of {len(self.validation):,} of the training pictures, by content hash"

    def validated(self) -> Self:
        """See `Source.validated`: a tenth of the images, since clips of a few would repeat them."""
        held = held_out_by_key(validation_keys(self.train.pictures), max(1, round(_VALIDATION_SHARE * len(self.train))))
        train, validation = (self.train.at(np.flatnonzero(side)) for side in (~held, held))
        return dataclasses.replace(self, train=train, validation=validation, uncut=self.train)

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return {
            "training pictures": len(self.train),
            "captions": len(set(self.train.captions)),
            "validation split": self.validation_split,
            "test pictures": len(self.test),
            "test split": self.test_split,
            "licence": self.licence,
        }

    def inputs(self, part: PartName, count: int) -> list[CaptionedClip]:
        """Clips with their captions."""
        found: list[CaptionedClip] = self.part(part).clips(count)
        return found

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """Clips in the form of training batches."""
        clips = self.inputs(part, count)
        for start in range(0, len(clips), _AT_ONCE):
            yield dict(zip(("clip", "grams", "shown"), self._arrays(clips[start : start + _AT_ONCE]), strict=True))

    def read(self, rows: Rows, seed: int) -> Batch:
        """Clips and their captions.

        Returns:
            `clip`, float32 `[batch, frames, side, side, channels]` in [0, 1]; `grams`, int32 `[batch, scenes, grams]`;
            `shown`, float32 `[batch, scenes, frames]`, 1 where a caption describes a frame.
        """
        size, recipe = rows.examples.shape[0], self.train.recipe
        numbers = numbers_at(rows.position, size, seed)

        def clips(examples: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, ...]:
            seeds = (numbers[:, :2] * _SEEDS).astype(np.int64)
            drawn = [np.random.default_rng((seed, *map(int, own))) for own in seeds]
            return self._arrays(
                [self.train.clip(int(one), random) for one, random in zip(examples, drawn, strict=True)]
            )

        types = (tf.float32, tf.int32, tf.float32)
        clip, grams, shown = tf.numpy_function(clips, [rows.examples, numbers], types, stateful=False)
        shape = (size, recipe.frames, *self.train.pictures.shape[1:])
        return {
            "clip": tf.ensure_shape(clip, shape),
            "grams": tf.ensure_shape(grams, (size, recipe.scenes, recipe.grams)),
            "shown": tf.ensure_shape(shown, (size, recipe.scenes, recipe.frames)),
        }

    def _arrays(self, clips: Sequence[CaptionedClip]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        recipe = self.train.recipe
        frames = np.arange(recipe.frames)
        shown = [
            (clip.places[:, :1] <= frames) & (frames <= clip.places[:, 1:])  # broadcast to [captions, frames]
            for clip in clips
        ]
        return (
            np.stack([clip.frames for clip in clips]).astype(np.float32) / 255,
            np.stack([grams_of(clip.captions, recipe.grams, recipe.buckets) for clip in clips]),
            np.stack(shown).astype(np.float32),
        )
