"""Transcribed speech recordings, as letters and log-mel spectrograms."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.order import Order, Rows, Tabulated
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.sound.made_up import made_up_speech
from aigc_tf.data.sound.opening import read_folder
from aigc_tf.data.sound.spectrograms import spectrograms
from aigc_tf.data.source import NO_VALIDATION, Batch, HashedSource, PartName, evenly, held_out_by_key
from aigc_tf.data.text.order import by_length
from aigc_tf.data.text.vocabulary import Vocabulary, learn_vocabulary
from aigc_tf.errors import InputError, listed, printable
from aigc_tf.recipes.sound import SOUND_ENDINGS, SoundSettings
from aigc_tf.recipes.speech import PAUSE_SECONDS, Speech, SpokenSettings
from aigc_tf.recipes.text import TextSettings

AUTO = "made_up_speech"
_EXPECTED = "a folder of recordings"
_NEEDED = 20
_TEST_SHARE = 10
_HELD_OUT_ROWS = 16
_NUMBER = re.compile(r"\d+")


class Spoken(NamedTuple):
    """A transcribed recording."""

    words: str
    """Normalised text: lower case, numbers in words."""
    picture: np.ndarray
    """float32 `[frames, bands]` in [0, 1]: log-mel spectrogram, time first."""
    sound: np.ndarray
    """int16 `[samples]`."""
    key: int
    """A hash that determines the split, equal for equal words."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SpokenSource(HashedSource):
    """Transcribed recordings."""

    settings: SoundSettings
    vocabulary: Vocabulary

    train: Sequence[Spoken]
    validation: Sequence[Spoken] | None = None
    test: Sequence[Spoken]

    @property
    def assets(self) -> dict[str, Any]:
        """`vocabulary`, of letters."""
        return {"vocabulary": self.vocabulary, **super().assets}

    @property
    def count(self) -> int:
        """Number of training recordings."""
        return len(self.train)

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        if self.validation is None:
            return NO_VALIDATION
        return f"{len(self.validation):,} of the training recordings, by a hash of the words"

    def validated(self) -> Self:
        """The same source with a validation part: the words with the smallest hashes."""
        return self.cut_by_key(lambda rows: [*compress(self.train, rows)], keys_of(self.train))

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return {
            "training recordings": len(self.train),
            "validation recordings": 0 if self.validation is None else len(self.validation),
            "validation split": self.validation_split,
            "test recordings": len(self.test),
            "test split": self.test_split,
            "training seconds": round(sum(len(one.sound) for one in self.train) / self.settings.rate, 1),
            "samples per second": self.settings.rate,
            "letters": "".join(sorted(self.vocabulary.symbols)),
            "licence": self.licence,
        }

    def recordings(self, part: PartName, count: int) -> list[Spoken]:
        """At most `count` recordings of a part, evenly spread."""
        return [self.part(part)[row] for row in evenly(len(self.part(part)), count)]

    def inputs(self, part: PartName, count: int) -> list[str]:
        """The words of those recordings."""
        return [one.words for one in self.recordings(part, count)]

    def titles(self, part: PartName, count: int) -> list[str]:
        """The words as well."""
        return self.inputs(part, count)

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """Evenly spread recordings, in the form of `read`."""
        chosen = self.recordings(part, count)
        for at in range(0, len(chosen), _HELD_OUT_ROWS):
            symbols, pictures, frames = self.batch(chosen[at : at + _HELD_OUT_ROWS])
            yield {"symbols": symbols, "picture": pictures, "frames": frames}

    def order(self, batch_size: int, seed: int) -> Order:
        """Each recording once per epoch, batched by similar length."""
        lengths = np.array([len(one.picture) for one in self.train])
        return Tabulated(batch_size, by_length(lengths, batch_size, seed))

    def batch(self, chosen: Sequence[Spoken]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Letters int32 `[batch, letters]` (0 is padding), spectrograms `[batch, frames, bands]`, and their lengths."""
        rows = [self.vocabulary.encode(one.words) for one in chosen]
        frames = np.array([len(one.picture) for one in chosen], np.int32)
        symbols = np.zeros((len(chosen), max(map(len, rows))), np.int32)
        pictures = np.zeros((len(chosen), frames.max(), self.settings.bands), np.float32)
        for index, (row, one) in enumerate(zip(rows, chosen, strict=True)):
            symbols[index, : len(row)] = row
            pictures[index, : len(one.picture)] = one.picture
        return symbols, pictures, frames

    def read(self, rows: Rows, seed: int) -> Batch:
        """`symbols`, int32 `[batch, letters]`, 0 is padding; `picture`, float32 `[batch, frames, bands]` in [0, 1];
        `frames`, int32 `[batch]`, their lengths."""
        del seed

        def gathered(examples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            return self.batch([self.train[row] for row in examples.tolist()])

        kinds = (tf.int32, tf.float32, tf.int32)
        symbols, pictures, frames = tf.numpy_function(gathered, [rows.examples], kinds, stateful=False)
        size = rows.examples.shape[0]
        return {
            "symbols": tf.ensure_shape(symbols, (size, None)),
            "picture": tf.ensure_shape(pictures, (size, None, self.settings.bands)),
            "frames": tf.ensure_shape(frames, (size,)),
        }


def open_source(recipe: Speech, data: Any = None) -> SpokenSource:
    """Open the recordings of a recipe with their words; about a tenth of the words is held out.

    Args:
        recipe: its `source` is `auto` (`made_up_speech`) or a folder, with the transcripts in `words.tsv` or in file
            names.
        data: replaces the source: `(sounds, words)`; arrays int16 `[samples]` at the recipe's sample rate, and texts.

    Raises:
        InputError: the source or the data is missing or invalid.
    """
    settings = recipe.sound
    name, licence, sounds, words, notes = _found(recipe, data)
    spoken, left_out = _usable(sounds, words, recipe)
    if len(spoken) < _NEEDED:
        raise InputError(
            f"{name} has {len(spoken)} recordings that can be learnt from, and at least {_NEEDED} are needed"
            + (f"; left out: {listed(left_out)}" if left_out else "")
        )
    tested = held_out_by_key(keys_of(spoken), len(spoken) // _TEST_SHARE)
    train, test = ([*compress(spoken, side)] for side in (~tested, tested))
    letters = TextSettings(unit="character", lines=True)
    digest = hashlib.sha256(f"{settings.rate};".encode())
    for one in spoken:
        digest.update(f"{one.words};{len(one.sound)};".encode())
        digest.update(one.sound.astype("<i2").tobytes())
    source = SpokenSource(
        name=name,
        licence=licence,
        settings=settings,
        vocabulary=learn_vocabulary((one.words for one in train), letters, with_ends=True),
        train=train,
        test=test,
        test_split="10 % held out by a hash of the words",
        content=digest.hexdigest(),
    ).for_recipe(recipe)
    left = (f"left out: {len(left_out):,} recordings that do not fit their words ({listed(left_out)})",)
    return dataclasses.replace(
        source,
        notes=(f"{name}: {source.sizes_in_words('recordings', len)}", *notes, *(left if left_out else ())),
    )


def keys_of(recordings: Sequence[Spoken]) -> np.ndarray:
    """Hashes that determine the split, uint64 `[recordings]`."""
    return np.array([one.key for one in recordings], np.uint64)


def _found(recipe: Speech, data: Any) -> tuple[str, str, Sequence[np.ndarray], Sequence[str], tuple[str, ...]]:
    """Name, licence, sounds, words and notes."""
    if data is not None:
        sounds, words = data
        return "data given from Python", "the user's own", sounds, words, ()
    if recipe.source in ("auto", AUTO):
        sounds, words = made_up_speech(recipe.sound)
        return AUTO, "synthetic data of this project, Apache-2.0", sounds, words, ()
    if not is_path(recipe.source, SOUND_ENDINGS, _EXPECTED):
        raise InputError(f"source {recipe.source!r} is not known: name {_EXPECTED}, or say auto")
    path = existing(recipe.source, _EXPECTED)
    if not path.is_dir():
        raise InputError(f"source {path} is a single file: name {_EXPECTED}")
    found = read_folder(path, recipe.sound)
    return found.name, found.licence, found.sounds, found.words, found.notes


def _usable(sounds: Sequence[np.ndarray], words: Sequence[str], recipe: Speech) -> tuple[list[Spoken], list[str]]:
    """The recordings whose length fits their words, and notes on what is left out."""
    kept, left_out = [], []
    for sound, title in zip(sounds, words, strict=True):
        text = normalised(title)
        if fits(text, len(sound) / recipe.sound.rate, recipe.spoken) and len(sound) <= recipe.sound.samples:
            frames = -(-len(sound) // recipe.sound.hop)
            whole = np.zeros(recipe.sound.samples, np.float32)
            whole[: len(sound)] = sound / np.float32(32767)
            picture = spectrograms(whole[np.newaxis], recipe.sound)[0, :, :, 0].T[:frames]
            if frames >= len(text):
                key = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, person=b"spoken").digest())
                kept.append(Spoken(text, np.ascontiguousarray(picture), sound, key))
                continue
        left_out.append(f"{printable(title)} ({len(sound) / recipe.sound.rate:.1f} s)")
    return kept, left_out


def fits(text: str, seconds: float, settings: SpokenSettings) -> bool:
    """Whether a text is plausible as the transcript of so many seconds."""
    longest = settings.slowest * len(text) + PAUSE_SECONDS
    return 0 < len(text) <= settings.longest_text and settings.fastest * len(text) <= seconds <= longest


def normalised(text: str) -> str:
    """Normalise text: lower case, single spaces, no punctuation; numbers in English words if num2words is installed."""
    plain = _NUMBER.sub(lambda match: f" {_in_words(match[0])} ", text.casefold())
    return " ".join("".join(letter if letter.isalnum() or letter == "'" else " " for letter in plain).split())


def _in_words(digits: str) -> str:
    try:
        from num2words import num2words
    except ImportError:
        return digits
    return str(num2words(int(digits))) if len(digits) < 10 else " ".join(digits)
