"""Reads folders of images with a captions file: a table, JSON lines, or COCO's JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from aigc_tf.data.files import read_text
from aigc_tf.data.images.decode import decode_files
from aigc_tf.data.images.prepare import decode_image
from aigc_tf.data.progress import progress
from aigc_tf.data.walk import refuse_special
from aigc_tf.errors import InputError, UnreadableError, listed, printable
from aigc_tf.recipes.images import ImageSettings

USUAL = tuple(f"{name}{ending}" for name in ("captions", "metadata") for ending in (".tsv", ".csv", ".jsonl", ".json"))
"""Default names of captions files."""
_PICTURES = ("file_name", "filename", "file", "image", "picture", "path", "name")
_CAPTIONS = ("caption", "text", "captions", "title", "description")

Captioned = Mapping[str, Sequence[str]]
"""The captions of each picture, by its name relative to the folder."""


def captioned_folder(
    folder: Path, named: str | None, settings: ImageSettings, share: str
) -> tuple[np.ndarray, list[Sequence[str]], tuple[str, ...]]:
    """Read the images of a folder that a captions file lists.

    Args:
        folder: the folder that the names are relative to.
        named: the captions file; see `captions_file`.
        settings: size and channels of the images, and the share of them that may be unreadable.
        share: name of the setting for that share.

    Returns:
        Images uint8 `[count, height, width, channels]`, the captions of each, and lines about where they come from.

    Raises:
        InputError: there is no such file, or more of the images cannot be read.
    """
    file = captions_file(folder, named)
    captions = read_captions(file)
    names, paths = list(captions), [folder / name for name in captions]
    decoded = decode_files(paths, partial(decode_image, settings=settings))
    images, kept, unreadable = [], [], []
    for name, image in zip(names, progress(decoded, len(names), "pictures"), strict=True):
        if isinstance(image, UnreadableError):
            unreadable.append(f"{printable(name)} ({image})")
        else:
            images.append(image)
            kept.append(captions[name])
    if len(unreadable) > settings.max_unreadable * len(names) or not images:
        raise InputError(
            f"{len(unreadable)} of {len(names)} pictures that {printable(str(file))} names cannot be read in "
            f"{printable(str(folder))}, more than the share of {settings.max_unreadable:g} that {share} allows: "
            f"{listed(unreadable)}"
        )
    notes = [f"captions of {printable(str(file))}"]
    if unreadable:
        count = f"{len(unreadable)} of {len(names)} pictures"
        notes.append(f"{count} cannot be read and are left out: {listed(unreadable)}")
    return np.stack(images), kept, tuple(notes)


def captions_file(folder: Path, named: str | None) -> Path:
    """The captions file that is named, or found in a folder.

    Raises:
        InputError: there is none.
    """
    if named is not None:
        path = Path(named).expanduser()
        if not path.exists():
            raise InputError(f"captions is {printable(named)}: there is no such file, name the file with the captions")
        refuse_special(path, "captions")
        return path
    found = next((folder / name for name in USUAL if (folder / name).is_file()), None)
    if found is None:
        raise InputError(
            f"folder {printable(str(folder))} has no captions.tsv or the like: name the file with the captions, "
            "--captions FILE"
        )
    return found


def read_captions(path: Path) -> Captioned:
    """Read a captions file: .json in COCO's format, .jsonl, or a table with one caption per line.

    A table is separated by tabs or commas; its columns are the first two, or those identified by a header line. Lines
    with the same image are captions of the same image.

    Raises:
        InputError: the file cannot be read, or a line is invalid.
    """
    try:
        text = read_text(path)
    except UnreadableError as error:
        raise InputError(f"captions {printable(str(path))} {error}") from error
    except OSError as error:
        raise InputError(f"captions {printable(str(path))} cannot be read: {error.strerror}") from error
    ending = path.suffix.lower()
    pairs = _coco if ending == ".json" else _json_lines if ending in (".jsonl", ".ndjson") else _table
    found: dict[str, list[str]] = {}
    for picture, caption in pairs(path, text):
        name = PurePath(picture)
        if name.is_absolute() or ".." in name.parts:
            raise InputError(f"{_place(path)}: {printable(picture)} is not in the folder: names are relative to it")
        if caption.strip():
            found.setdefault(str(name), []).append(" ".join(caption.split()))
    if not found:
        raise InputError(f"{_place(path)} has no captions: name a file with some")
    return found


def _place(path: Path, line: int | None = None) -> str:
    return f"captions {printable(str(path))}" + (f", line {line}" if line else "")


def _table(path: Path, text: str) -> Iterator[tuple[str, str]]:
    is_tabbed = "\t" in text.partition("\n")[0]
    lines = text.splitlines()
    rows: Iterable[list[str]] = (line.split("\t") for line in lines) if is_tabbed else csv.reader(lines)
    first, second = 0, 1
    for number, row in enumerate(rows, 1):
        if not any(cell.strip() for cell in row):
            continue
        names = [cell.strip().casefold() for cell in row]
        if number == 1 and (places := _places(names)):
            first, second = places
            continue
        if len(row) <= max(first, second):
            raise InputError(f"{_place(path, number)}: expected two columns, the name of a picture and its caption")
        yield row[first].strip(), row[second]


def _places(names: Sequence[str]) -> tuple[int, int] | None:
    """The columns of image and caption, if there is a header line."""
    found = [next((names.index(name) for name in known if name in names), None) for known in (_PICTURES, _CAPTIONS)]
    picture, caption = found
    return None if picture is None or caption is None else (picture, caption)


def _json_lines(path: Path, text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        value = _parsed(_place(path, number), line)
        names = list(value) if isinstance(value, dict) else []
        places = _places([name.casefold() for name in names])
        if places is None:
            raise InputError(
                f"{_place(path, number)} is not an object with a picture ({', '.join(_PICTURES[:3])}, ...) and a "
                f"caption ({', '.join(_CAPTIONS[:2])}, ...)"
            )
        picture, captions = (value[names[place]] for place in places)
        for caption in captions if isinstance(captions, list) else [captions]:
            if not isinstance(picture, str) or not isinstance(caption, str):
                raise InputError(f"{_place(path, number)}: the picture's name and the caption must be text")
            yield picture, caption


def _coco(path: Path, text: str) -> Iterator[tuple[str, str]]:
    """`images` with `id` and `file_name`, and `annotations` with `image_id` and `caption` (Chen et al. 2015)."""
    value = _parsed(_place(path), text)
    try:
        names = {image["id"]: image["file_name"] for image in value["images"]}
        pairs = [(names[each["image_id"]], each["caption"]) for each in value["annotations"]]
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{_place(path)} is not in COCO format: images with id and file_name, annotations with image_id and "
            f"caption ({printable(str(error))} is missing)"
        ) from error
    if not all(isinstance(part, str) for pair in pairs for part in pair):
        raise InputError(f"{_place(path)}: names of pictures and captions must be text")
    yield from pairs


def _parsed(place: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place} is not JSON: {error}") from error
