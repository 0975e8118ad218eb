"""Sources of sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.images.source import ImageSource, Split, of_all_classes
from aigc_tf.data.order import Rows
from aigc_tf.data.sound.recording import fitted
from aigc_tf.data.sound.spectrograms import analysis, spectrograms
from aigc_tf.data.source import NO_VALIDATION, Batch, HashedSource, PartName, evenly
from aigc_tf.recipes.sound import SoundSettings

_HELD_OUT_ROWS = 200


@dataclass(frozen=True, eq=False)
class SoundSplit:
    """Recordings for one purpose."""

    sounds: Sequence[np.ndarray]
    """int16 `[samples]` each."""
    words: Sequence[str]
    """The words spoken in each, or its title."""
    labels: np.ndarray | None
    """int64 `[recordings]`, indices into `SoundSource.class_names`; None without classes."""
    keys: np.ndarray
    """uint64 `[recordings]`, hashes, equal for recordings that stay together."""

    def __len__(self) -> int:
        return len(self.sounds)

    def only(self, rows: np.ndarray) -> SoundSplit:
        """A subset of the recordings, bool `[recordings]`."""
        chosen = np.flatnonzero(rows)
        labels = None if self.labels is None else self.labels[chosen]
        sounds = [self.sounds[row] for row in chosen.tolist()]
        return SoundSplit(sounds, [self.words[row] for row in chosen.tolist()], labels, self.keys[chosen])

    def windows(self, samples: int) -> np.ndarray:
        """Windows of `samples` that cover each recording about once: int64 `[windows, 2]`, recording and start."""
        found = []
        for index, sound in enumerate(self.sounds):
            count = max(1, round(len(sound) / samples))
            starts = np.linspace(0, max(0, len(sound) - samples), count).astype(np.int64)
            found += [(index, start) for start in starts]
        return np.array(found, np.int64).reshape(-1, 2)


@dataclass(frozen=True, eq=False, kw_only=True)
class SoundSource(HashedSource):
    """Recordings in the form that a recipe requires."""

    surveyed_by: ClassVar[str] = "aigc_tf.data.sound.overview:overview"

    settings: SoundSettings
    class_names: tuple[str, ...] | None
    labelled: bool
    """Whether batches contain labels."""
    whole: SoundSplit
    """The training part including the validation part."""
    together: str = ""
    """What stays on the same side of a split, in words."""

    train: SoundSplit
    validation: SoundSplit | None = None
    test: SoundSplit

    @property
    def assets(self) -> dict[str, Any]:
        """`classes`, if it has labels."""
        classes = {} if self.class_names is None else {"classes": ClassNames(self.class_names)}
        return classes | super().assets

    @cached_property
    def _windows(self) -> dict[PartName, np.ndarray]:
        parts: tuple[PartName, ...] = ("train", "validation", "test")
        return {name: self.part(name).windows(self.settings.samples) for name in parts}

    @property
    def count(self) -> int:
        """Windows per epoch, in proportion to the length of recordings."""
        return len(self._windows["train"])

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        if self.validation is None:
            return NO_VALIDATION
        return f"{len(self.validation):,} of the training recordings, by hash{self.together}"

    def validated(self) -> Self:
        """The same source with a validation part: the recordings with the smallest hashes; groups stay together."""
        return self.cut_by_key(self.whole.only, self.whole.keys)

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        seconds = sum(map(len, self.train.sounds)) / self.settings.rate
        return {
            "training recordings": len(self.train),
            "validation recordings": 0 if self.validation is None else len(self.validation),
            "validation split": self.validation_split,
            "test recordings": len(self.test),
            "test split": self.test_split,
            "training seconds": round(seconds, 1),
            "samples per second": self.settings.rate,
            "classes": self.class_names,
            "licence": self.licence,
        }

    def inputs(self, part: PartName, count: int) -> np.ndarray:
        """Evenly spread windows of recordings, float32 `[count, samples]` in [-1, 1]."""
        return self._sounds(part, evenly(len(self._windows[part]), count))

    def titles(self, part: PartName, count: int) -> list[str]:
        """Their words or titles."""
        rows = evenly(len(self._windows[part]), count)
        return [self.part(part).words[index] for index, _ in self._windows[part][rows]]

    def labels(self, part: PartName) -> np.ndarray | None:
        """The classes of all windows of a part, int64 `[windows]`."""
        labels = self.part(part).labels
        return None if labels is None else labels[self._windows[part][:, 0]]

    def shown(self, part: PartName, count: int) -> tuple[np.ndarray, list[str]]:
        """Windows of each class in turn, with their words or titles."""
        labels = self.labels(part)
        rows = evenly(len(self._windows[part]), count) if labels is None else of_all_classes(labels, count)
        return self._sounds(part, rows), [self.part(part).words[index] for index, _ in self._windows[part][rows]]

    def _sounds(self, part: PartName, rows: np.ndarray) -> np.ndarray:
        return self._cut(self.part(part), self._windows[part][rows])

    def _cut(self, split: SoundSplit, windows: np.ndarray) -> np.ndarray:
        """Cut windows `[count, 2]` to float32 `[count, samples]`."""
        samples = self.settings.samples
        chosen = [fitted(split.sounds[index], samples, start) for index, start in windows.tolist()]
        return np.stack(chosen) if chosen else np.zeros((0, samples), np.float32)

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """Evenly spread windows, in the form of `read`."""
        rows = evenly(len(self._windows[part]), count)
        labels = self.labels(part)
        for at in range(0, len(rows), _HELD_OUT_ROWS):
            chosen = rows[at : at + _HELD_OUT_ROWS]
            batch = {"image": 2 * spectrograms(self._sounds(part, chosen), self.settings) - 1}
            yield batch | ({"label": labels[chosen].astype(np.int32)} if self.labelled and labels is not None else {})

    def read(self, rows: Rows, seed: int) -> Batch:
        """Spectrograms of windows; the position in a long recording depends on (seed, position).

        Returns:
            `image`, float32 `[batch, bands, frames, 1]` in [-1, 1]; if the source is labelled also `label`, int32
            `[batch]`.
        """
        samples, split = self.settings.samples, self.train
        indices = self._windows["train"][:, 0]

        def drawn(examples: np.ndarray, position: np.int64) -> np.ndarray:
            found = []
            for row, index in enumerate(indices[examples].tolist()):
                beyond = max(0, len(split.sounds[index]) - samples)
                start = np.random.default_rng((seed, int(position) + row)).integers(beyond + 1) if beyond else 0
                found.append(fitted(split.sounds[index], samples, int(start)))
            return np.stack(found)

        sounds = tf.numpy_function(drawn, [rows.examples, rows.position], tf.float32, stateful=False)
        sounds = tf.ensure_shape(sounds, (rows.examples.shape[0], samples))
        batch = {"image": 2.0 * analysis(self.settings)(sounds) - 1.0}
        if self.labelled:
            assert split.labels is not None
            batch["label"] = tf.gather(tf.constant(split.labels[indices], tf.int32), rows.examples)
        return batch

    @cached_property
    def pictures(self) -> ImageSource:
        """Spectrograms of all windows as a source of grey images, so that image metrics apply to sound."""

        def split(part: SoundSplit) -> Split:
            windows = part.windows(self.settings.samples)
            labels = None if part.labels is None else part.labels[windows[:, 0]]
            pictures = spectrograms(self._cut(part, windows), self.settings)
            return Split(np.round(pictures * 255).astype(np.uint8), labels)

        return ImageSource(
            name=self.name,
            test_split=self.test_split,
            licence=self.licence,
            class_names=self.class_names,
            train=split(self.train),
            validation=None if self.validation is None else split(self.validation),
            uncut=None if self.validation is None else split(self.whole),
            test=split(self.test),
        )
