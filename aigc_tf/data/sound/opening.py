"""Opens sources of sound: by name, from recordings, or from Python data."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from aigc_tf.data.files import read_text
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.photos.folder import motifs
from aigc_tf.data.progress import progress
from aigc_tf.data.sound.made_up import CLASSES, made_up_sounds
from aigc_tf.data.sound.recording import library, prepared, read_recording
from aigc_tf.data.sound.source import SoundSource, SoundSplit
from aigc_tf.data.source import GIVEN, held_out_by_key
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError, UnreadableError, listed, printable
from aigc_tf.recipes.sound import SOUND_ENDINGS, SoundRecipe, SoundSettings

AUTO = "made_up_sounds"
WORDS = "words.tsv"
"""A transcript file in the folder, with a file name, a tab, and the words spoken in each line."""
_EXPECTED = "a folder of recordings"
_TEST_SHARE = 10
_NEEDED = 10  # recordings


@dataclass(frozen=True)
class Found:
    """Recordings before the split."""

    name: str
    licence: str
    sounds: list[np.ndarray]
    files: list[str]
    words: list[str]
    classes: list[str] | None
    """The class of each recording; None without classes."""
    notes: tuple[str, ...] = ()

    def at(self, rows: Sequence[int]) -> Found:
        """A subset of the recordings."""
        files, words = ([values[row] for row in rows] for values in (self.files, self.words))
        classes = None if self.classes is None else [self.classes[row] for row in rows]
        return replace(self, sounds=[self.sounds[row] for row in rows], files=files, words=words, classes=classes)


def open_source(recipe: SoundRecipe, data: Any = None) -> SoundSource:
    """Open the recordings of a recipe; about a tenth of them is held out.

    Duplicates are removed. The split depends on a hash of each recording, or of what `recipe.sound.group` matches in
    its name.

    Args:
        recipe: its `source` is `auto` (`made_up_sounds`) or a folder; two or more sub-folders are classes.
        data: replaces the source: `(sounds, classes)` or sounds only; arrays `[samples]` of floats in [-1, 1] at the
            recipe's sample rate, and class names.

    Raises:
        InputError: the source or the data is missing or invalid.
    """
    settings = recipe.sound
    found = _found(recipe, data)
    own = [hashlib.blake2b(sound.tobytes(), digest_size=8).digest() for sound in found.sounds]
    first = {digest: row for row, digest in reversed(list(enumerate(own)))}
    rows = sorted(first.values())
    copies = len(own) - len(rows)
    if len(rows) < _NEEDED:
        raise InputError(f"{found.name} has {len(rows)} different recordings, and at least {_NEEDED} are needed")
    found = found.at(rows)
    if recipe.labelled and found.classes is None:
        raise InputError(
            f"{found.name} has no classes, and {recipe.slug()} learns classes: give a folder with a sub-folder for each"
        )
    keys = _keys(found, [own[row] for row in rows], settings)
    tested = held_out_by_key(keys, len(rows) // _TEST_SHARE)
    names, labels = _labels(found, tested)
    whole = SoundSplit(found.sounds, found.words, labels, keys)
    if not tested.any() or tested.all():
        raise InputError(
            f"{found.name}: sound.group {settings.group!r} leaves {len(set(keys.tolist()))} groups of "
            f"{len(rows)} recordings, too few to hold some out: give another one"
        )
    together = f", those of the same {settings.group!r} together" if settings.group else ""
    kept = ~tested if labels is None else ~tested & (labels >= 0)
    source = SoundSource(
        name=found.name,
        licence=found.licence,
        settings=settings,
        class_names=names,
        labelled=recipe.labelled,
        together=together,
        whole=whole.only(kept),
        train=whole.only(kept),
        test=whole.only(tested if labels is None else tested & (labels >= 0)),
        test_split=f"10 % held out by hash{together}",
        content=_fingerprint(found, settings),
    ).for_recipe(recipe)
    notes = (f"{found.name}: {source.sizes_in_words('recordings', len)}", *found.notes)
    notes += (f"left out: {copies:,} recordings that are equal to another one",) if copies else ()
    return replace(source, notes=notes)


def _labels(found: Found, tested: np.ndarray) -> tuple[tuple[str, ...] | None, np.ndarray | None]:
    """The classes in the training part, and the class number of each recording, -1 for other classes."""
    if found.classes is None:
        return None, None
    names = tuple(sorted({name for name, held in zip(found.classes, tested, strict=True) if not held}))
    numbers = {name: number for number, name in enumerate(names)}
    return names, np.array([numbers.get(name, -1) for name in found.classes], np.int64)


def _keys(found: Found, own: Sequence[bytes], settings: SoundSettings) -> np.ndarray:
    """Hashes that determine the split, uint64 `[recordings]`."""
    contents = [
        digest if motif is None else motif
        for digest, motif in zip(own, motifs(found.files, settings.group), strict=True)
    ]
    digests = [hashlib.blake2b(content, digest_size=8, person=b"sound").digest() for content in contents]
    return np.array([int.from_bytes(digest) for digest in digests], np.uint64)


def _fingerprint(found: Found, settings: SoundSettings) -> str:
    digest = hashlib.sha256(f"{settings.rate} {settings.group};".encode())
    for sound, name in zip(found.sounds, found.classes or found.words, strict=True):
        digest.update(f"{len(sound)} {name};".encode(errors="surrogateescape"))
        digest.update(sound.astype("<i2").tobytes())
    return digest.hexdigest()


def _found(recipe: SoundRecipe, data: Any) -> Found:
    settings, name = recipe.sound, recipe.source
    library()  # sounds are written during training as well
    if data is not None:
        return _given(data, settings)
    if name in ("auto", AUTO):
        sounds, labels = made_up_sounds(settings)
        files = [f"{CLASSES[label]}-{index}" for index, label in enumerate(labels)]
        classes = [CLASSES[label] for label in labels]
        return Found(AUTO, "synthetic data of this project, Apache-2.0", sounds, files, classes, classes)
    if not is_path(name, SOUND_ENDINGS, _EXPECTED):
        raise InputError(f"source {name!r} is not known: name {_EXPECTED}, or say auto")
    path = existing(name, _EXPECTED)
    if not path.is_dir():
        raise InputError(f"source {path} is a single file: name {_EXPECTED}")
    return read_folder(path, settings)


def _given(data: Any, settings: SoundSettings) -> Found:
    sounds, classes = data if isinstance(data, tuple) and len(data) == 2 else (data, None)
    made = []
    for index, sound in enumerate(sounds):
        array = np.asarray(sound)
        if array.ndim != 1 or array.dtype.kind != "f":
            raise InputError(
                f"sound {index} is {array.dtype} {array.shape}: expected floats [samples] in [-1, 1], "
                f"{settings.rate} per second"
            )
        try:
            made.append(prepared(array.astype(np.float32), settings.rate, settings))
        except UnreadableError as error:
            raise InputError(f"sound {index} {error}: leave it out") from error
    if classes is not None and len(classes) != len(made):
        raise InputError(f"there are {len(made)} sounds and {len(classes)} classes: give one for each")
    names = None if classes is None else [str(name) for name in classes]
    words = names or [str(index) for index in range(len(made))]
    return Found(GIVEN, "the user's own", made, [str(index) for index in range(len(made))], words, names)


def read_folder(folder: Path, settings: SoundSettings) -> Found:
    """Read the recordings of a folder and its sub-folders, sorted by name.

    Raises:
        InputError: there are none, or too many files cannot be read.
    """
    walked = files_below(folder, SOUND_ENDINGS)
    if not walked.files:
        raise InputError(f"folder {folder} holds no recordings: expected files that end in {', '.join(SOUND_ENDINGS)}")
    sounds, files, unreadable = [], [], []
    for name in progress(walked.files, len(walked.files), "reading recordings"):
        try:
            sounds.append(read_recording(folder / name, settings))
            files.append(name)
        except (UnreadableError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            unreadable.append(f"{printable(name)} ({reason})")
    if not files or len(unreadable) > settings.max_unreadable * len(walked.files):
        raise InputError(
            f"{len(unreadable)} of {len(walked.files)} recordings in {folder} cannot be read, more than the share of "
            f"{settings.max_unreadable:g} that sound.max_unreadable allows: {listed(unreadable)}; repair or remove them"
        )
    notes = [f"left out: {walked.left_out}"] if walked.left_out else []
    notes += [f"{len(unreadable)} recordings cannot be read and are left out: {listed(unreadable)}"] * bool(unreadable)
    tops = [PurePath(name).parts[0] if len(PurePath(name).parts) > 1 else "" for name in files]
    classes = tops if len(set(tops)) > 1 and all(tops) else None
    words = words_of(folder, files)
    return Found(str(folder), "the user's own", sounds, files, words or classes or titles(files), classes, tuple(notes))


def words_of(folder: Path, files: Sequence[str]) -> list[str] | None:
    """The words spoken in each file from the folder's `words.tsv`; None without that file.

    Raises:
        InputError: it cannot be read, or does not list a file.
    """
    path = folder / WORDS
    if not path.is_file():
        return None
    try:
        lines = list(csv.reader(io.StringIO(read_text(path)), delimiter="\t", quoting=csv.QUOTE_NONE))
    except UnreadableError as error:
        raise InputError(f"{path} {error}") from error
    known = {PurePath(line[0]).as_posix(): line[1].strip() for line in lines if len(line) >= 2}
    missing = [printable(name) for name in files if PurePath(name).as_posix() not in known]
    if missing:
        raise InputError(
            f"{path} says nothing about {len(missing)} of {len(files)} recordings ({listed(missing)}): "
            "give each a line, its name, a tab, and the words"
        )
    return [known[PurePath(name).as_posix()] for name in files]


def titles(files: Sequence[str]) -> list[str]:
    """Titles from file names: `greetings/good-morning_2.wav` becomes "good morning 2"."""
    return [" ".join(re.split(r"[\s_\-]+", PurePath(name).stem)).strip() for name in files]
