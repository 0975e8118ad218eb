"""Cache of prepared image folders, memory-mapped on the next start."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from aigc_tf import __version__
from aigc_tf.data.images.decode import FleetingError, decode_files
from aigc_tf.data.images.layout import Layout
from aigc_tf.data.images.near_duplicates import NearDuplicates, near_duplicates
from aigc_tf.data.images.prepare import decode_image
from aigc_tf.data.images.source import Split, fingerprint_of, keys_of
from aigc_tf.data.images.splits import HoldOut, SplitBuilder, digests_of
from aigc_tf.data.progress import progress
from aigc_tf.data.walk import states
from aigc_tf.errors import UnavailableError, UnreadableError
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.storage.archives import read_arrays
from aigc_tf.storage.cache import cache_folder, cache_root, keep, kept, no_room
from aigc_tf.storage.files import write_text

_FORM = 1  # format version of cache entries; raise it when images are prepared or split differently
_AT_ONCE = 256  # batch size for adding images
_PARTS: tuple[str, ...] = ("train", "test", "validation")
_INDEX, _RECORD = "index.npz", "record.json"


@dataclass(frozen=True, eq=False)
class PreparedFolder:
    """The prepared images of a folder."""

    parts: dict[str, Split]
    """"train" and "test", and "validation" if the folder has such a part; with labels if it has classes."""
    fingerprint: str
    """Fingerprint of these parts in that order."""
    unreadable: list[tuple[int, str]]
    """Indices of files that cannot be read, and why."""
    near_duplicates: NearDuplicates
    note: str = ""
    """Why it must be prepared again on the next start; empty if not."""


def prepared(folder: Path, layout: Layout, settings: ImageSettings) -> PreparedFolder:
    """The images of a folder in the requested form, from the cache if they were prepared before.

    The cache key covers names, sizes and times of the files, the form, and the versions of this package and of Pillow.
    """
    try:
        entry = cache_folder("images") / _key(folder, layout, settings)
        known = kept(entry, partial(_read, entry, settings))
        if known is not None:
            return known
        needed = len(layout.files) * math.prod(settings.shape)
        note = no_room(entry.parent, needed)
        if not note:
            return _kept(entry, folder, layout, settings)
    except OSError as error:
        note = f"{error.filename or cache_root()}: {error.strerror or error}"
    except UnavailableError as error:
        note = str(error)
    found, _ = _prepare(folder, layout, settings, None)
    return dataclasses.replace(found, note=f"prepared images are not cached, and prepared again at every start: {note}")


def _key(folder: Path, layout: Layout, settings: ImageSettings) -> str:
    """The cache key of the folder's content and form."""
    digest = hashlib.sha256(
        f"{_FORM} {__version__} {PIL.__version__} {settings.shape} {folder.resolve()}\n".encode(
            errors="surrogateescape"
        )
    )
    for name, part, state in zip(layout.files, layout.parts, states(folder, layout.files), strict=True):
        status = "unreadable" if state is None else f"{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}"
        digest.update(f"{name}\0{part} {status}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]


def _kept(entry: Path, folder: Path, layout: Layout, settings: ImageSettings) -> PreparedFolder:
    """Prepare the images and store them in the cache.

    Raises:
        OSError: they cannot be written there.
    """
    found: list[PreparedFolder] = []

    def make(made: Path) -> bool:
        prepared_folder, lasts = _prepare(folder, layout, settings, made)
        found.append(prepared_folder)
        if lasts:
            _write(made, prepared_folder, f"{folder}, {' x '.join(map(str, settings.shape))}")
        return lasts

    keep(entry, make)
    return found[0]


def _prepare(folder: Path, layout: Layout, settings: ImageSettings, made: Path | None) -> tuple[PreparedFolder, bool]:
    """Prepare the images, in a folder if given; also returns whether another attempt would find the same."""
    unreadable: list[tuple[int, UnreadableError]] = []
    path_of = {part: None if made is None else made / part for part in _PARTS}
    with contextlib.ExitStack() as stack:

        def builder(part: str) -> SplitBuilder:
            return stack.enter_context(contextlib.closing(SplitBuilder(settings.shape, path_of[part])))

        given = {part: builder(part) for part in set(layout.parts) - {"", "train"}}
        if "test" in given:
            given["train"] = builder("train")
        else:
            hold_out = HoldOut(settings.shape, (path_of["train"], path_of["test"]))
            stack.enter_context(contextlib.closing(hold_out))
        for images, positions in _batches(folder, layout, settings, unreadable):
            part = layout.parts[positions[0]] or "train"
            if part in given:
                given[part].add(images, positions)
            else:
                hold_out.add(images, digests_of(images), positions)
        splits = {part: made_of.split() for part, made_of in given.items()}
        if "test" not in given:
            splits["train"], splits["test"] = hold_out.splits()
    parts = {part: _labelled(splits[part], layout) for part in _PARTS if part in splits}
    found = PreparedFolder(
        parts=parts,
        fingerprint=fingerprint_of(parts.values()),
        unreadable=[(position, str(error)) for position, error in unreadable],
        near_duplicates=near_duplicates(parts["train"].images, parts["test"].images),
    )
    return found, not any(isinstance(error, FleetingError) for _, error in unreadable)


def _batches(
    folder: Path, layout: Layout, settings: ImageSettings, unreadable: list[tuple[int, UnreadableError]]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of readable images, each from one part, with the indices of their files."""
    images: list[np.ndarray] = []
    positions: list[int] = []
    paths = [folder / file for file in layout.files]
    with contextlib.closing(decode_files(paths, partial(decode_image, settings=settings))) as decoded:
        for position, image in enumerate(progress(decoded, len(layout.files), "reading images")):
            if isinstance(image, UnreadableError):
                unreadable.append((position, image))
                continue
            if images and (len(images) == _AT_ONCE or layout.parts[position] != layout.parts[positions[-1]]):
                yield np.stack(images), np.array(positions)
                images, positions = [], []
            images.append(image)
            positions.append(position)
    if images:
        yield np.stack(images), np.array(positions)


def _labelled(split: Split, layout: Layout) -> Split:
    """Replace file indices, stored as a split's "labels", by the real labels."""
    positions = np.empty(0, np.int64) if split.labels is None else split.labels
    return Split(split.images, None if layout.labels is None else layout.labels[positions], keys_of(split))


def _write(made: Path, found: PreparedFolder, about: str) -> None:
    """Write everything besides the image arrays."""
    index: dict[str, np.ndarray] = {}
    for part, split in found.parts.items():
        if len(split.images) and not isinstance(split.images, np.memmap):  # a handful, moved between parts afterwards
            np.ascontiguousarray(split.images).tofile(made / part)
        index[f"{part}_keys"] = np.asarray(split.keys)
        if split.labels is not None:
            index[f"{part}_labels"] = split.labels
    np.savez(made / _INDEX, allow_pickle=False, **index)
    record = {
        "about": about,
        "fingerprint": found.fingerprint,
        "unreadable": found.unreadable,
        "near_duplicates": found.near_duplicates,
    }
    write_text(made / _RECORD, json.dumps(record))


def _read(entry: Path, settings: ImageSettings) -> PreparedFolder:
    """Read a cache entry."""
    index = read_arrays(entry / _INDEX)
    record: dict[str, Any] = json.loads((entry / _RECORD).read_text(encoding="utf-8"))
    names = [part for part in _PARTS if f"{part}_keys" in index]
    return PreparedFolder(
        parts={part: _read_part(entry / part, index, settings) for part in names},
        fingerprint=str(record["fingerprint"]),
        unreadable=[(int(position), str(reason)) for position, reason in record["unreadable"]],
        near_duplicates=NearDuplicates(*record["near_duplicates"]),
    )


def _read_part(path: Path, index: dict[str, np.ndarray], settings: ImageSettings) -> Split:
    keys, labels = index[f"{path.name}_keys"], index.get(f"{path.name}_labels")
    shape = (len(keys), *settings.shape)
    if path.stat().st_size != math.prod(shape):
        raise ValueError(f"{path} has changed in length")
    images = np.memmap(path, np.uint8, "r", shape=shape) if len(keys) else np.empty(shape, np.uint8)
    return Split(images, labels, keys)
