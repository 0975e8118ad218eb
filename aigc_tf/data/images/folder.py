"""Folders of images: found, decoded on all cores, with what cannot be read counted and named."""

from __future__ import annotations

import contextlib
import hashlib
import os
import warnings
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from aigc_tf.data.images.prepare import decode_image
from aigc_tf.data.images.source import ImageSource
from aigc_tf.data.images.splits import HoldOut
from aigc_tf.data.progress import progress
from aigc_tf.data.source import HELD_OUT
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError, UnreadableError, listed, printable
from aigc_tf.recipes.images import ImageSettings

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")


def open_folder(folder: Path, settings: ImageSettings) -> ImageSource:
    """All images in a folder and the folders in it; two or more immediate sub-folders are labels.

    Files and folders whose names begin with a dot are ignored; linked folders are followed, once.

    Raises:
        InputError: there are no images, more than `settings.max_unreadable` of them cannot be read, or a
            folder cannot be.
    """
    files = files_below(folder, SUFFIXES)
    if not files:
        raise InputError(f"folder {folder} holds no images: expected files that end in {', '.join(SUFFIXES)}")
    labels, class_names = _labels(files)
    unreadable = []
    with (
        contextlib.closing(HoldOut(settings.shape)) as examples,
        contextlib.closing(decode_files([folder / file for file in files], settings)) as decoded,
    ):
        for position, (digest, image) in enumerate(progress(decoded, len(files), "reading images")):
            if isinstance(image, UnreadableError):
                unreadable.append(f"{printable(str(files[position]))} ({image})")
            else:
                examples.add(image[np.newaxis], [digest], None if labels is None else labels[position : position + 1])
        _check_share(folder, unreadable, len(files), settings.max_unreadable)
        train, test = examples.splits()
    notes = []
    if unreadable:
        notes.append(
            f"{len(unreadable)} of {len(files)} files could not be read and are left out: {listed(unreadable)}"
        )
    return ImageSource(
        name=str(folder),
        train=train,
        test=test,
        class_names=class_names,
        test_split=HELD_OUT,
        licence="the user's own",
        notes=tuple(notes),
    )


def _labels(files: list[Path]) -> tuple[np.ndarray | None, tuple[str, ...] | None]:
    """int64 `[count]` and their names. None if files lie beside the sub-folders, or all in one of them."""
    tops = [path.parts[0] if len(path.parts) > 1 else None for path in files]
    names = sorted({top for top in tops if top is not None})
    if None in tops or len(names) < 2:
        return None, None
    place = {name: position for position, name in enumerate(names)}
    labels = np.array([place[top] for top in tops if top is not None], np.int64)
    return labels, tuple(printable(name) for name in names)


def decode_files(
    files: Sequence[Path], settings: ImageSettings
) -> Generator[tuple[bytes, np.ndarray | UnreadableError]]:
    """SHA-256 of the file and image, or what is wrong with it, of each file in turn."""

    def decode(path: Path) -> tuple[bytes, np.ndarray | UnreadableError]:
        try:
            if not path.is_file():  # a broken link; or a pipe, which would be waited for
                raise UnreadableError("no such file")
            data = path.read_bytes()
            return hashlib.sha256(data).digest(), decode_image(data, settings)
        except OSError as error:
            return b"", UnreadableError(error.strerror or str(error))
        except UnreadableError as error:
            return b"", error

    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="decode") as pool:
        # Pillow comments on what it repairs by itself, and on many pixels, of which `decode_image` refuses too many.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield from pool.map(decode, files)  # when this is closed early, files that wait are not decoded


def _check_share(folder: Path, unreadable: list[str], count: int, allowed: float) -> None:
    if len(unreadable) > allowed * count:
        raise InputError(
            f"{len(unreadable)} of {count} images in {folder} cannot be read, more than the share of {allowed:g} that "
            f"images.max_unreadable allows: {listed(unreadable)}; repair or remove them, or raise the limit"
        )
    if len(unreadable) == count:
        raise InputError(f"none of the {count} images in {folder} can be read: {listed(unreadable)}")
