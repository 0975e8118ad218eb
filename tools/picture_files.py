"""Pictures that a user names on the command line: files, and folders with all that is in them."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from aigc_tf.data.images.folder import decode_files, shown
from aigc_tf.data.progress import progress
from aigc_tf.errors import InputError, UnreadableError, say
from aigc_tf.recipes.images import ImageSettings

BATCH = 500  # decoded at once, and given to the model at once


@dataclass(frozen=True)
class PictureFile:
    """One file."""

    path: Path
    """Where it is."""
    name: Path
    """What it is called among all that were named: relative, with the sub-folders it lies in."""


def find_files(paths: Sequence[Path]) -> list[PictureFile]:
    """The picture files that paths name, in their order.

    Files are taken whatever their endings are; of folders, those that look like pictures. Names in a folder are
    relative to it; where several paths are given they begin with the folder's own name.

    Raises:
        InputError: a path does not exist, a folder holds no pictures, or there are no paths.
    """
    if not paths:
        raise InputError("no pictures are named: give files or folders")
    files = []
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist: name picture files, or folders that hold some")
        if not path.is_dir():
            files.append(PictureFile(path, Path(path.name)))
            continue
        found = find_images(path)
        if not found:
            raise InputError(f"folder {path} holds no pictures")
        above = Path(path.resolve().name) if len(paths) > 1 else Path()
        files += [PictureFile(path / file, above / file) for file in found]
    return list(dict.fromkeys(files))


def read_pictures(
    files: Sequence[PictureFile], settings: ImageSettings
) -> Iterator[tuple[list[PictureFile], np.ndarray]]:
    """Batches of those files that can be read, with their images, uint8 `[count, height, width, channels]`.

    Images are cropped and resized as those of sources are. A bar on stderr shows how far it is, and a line at the
    end what could not be read.

    Raises:
        InputError: none of them can be read.
    """
    unreadable = []
    with contextlib.closing(_decoded(files, settings)) as decoded:
        pictures = progress(decoded, len(files), "pictures")
        while part := list(islice(pictures, BATCH)):
            readable = []
            for file, image in part:
                if isinstance(image, UnreadableError):
                    unreadable.append(f"{shown(file.path)} ({image})")
                else:
                    readable.append((file, image))
            if readable:
                yield [file for file, _ in readable], np.stack([image for _, image in readable])
    if len(unreadable) == len(files):
        raise InputError(f"no picture can be read: {named(unreadable)}")
    if unreadable:
        say(f"{len(unreadable)} of {len(files)} files could not be read and are left out: {named(unreadable)}")


def read_picture(path: Path, settings: ImageSettings) -> np.ndarray:
    """One picture in the form that a run asks for: uint8 `[height, width, channels]`.

    Raises:
        InputError: it cannot be read.
    """
    ((_, image),) = decode_files([path], settings)
    if isinstance(image, UnreadableError):
        raise InputError(f"{path} cannot be read: {image}")
    return image


def _decoded(
    files: Sequence[PictureFile], settings: ImageSettings
) -> Generator[tuple[PictureFile, np.ndarray | UnreadableError]]:
    """In parts: what decodes on all cores would otherwise run far ahead of what is done with the images."""
    for start in range(0, len(files), BATCH):
        part = files[start : start + BATCH]
        images = decode_files([file.path for file in part], settings)
        yield from ((file, image) for file, (_, image) in zip(part, images, strict=True))
