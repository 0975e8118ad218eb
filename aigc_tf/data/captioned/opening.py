"""Captioned pictures: a table of names and captions beside the files, pairs from Python, or made-up shapes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from aigc_tf.data.captioned.made_up import captioned_shapes
from aigc_tf.data.captioned.source import CaptionedPictures, CaptionedSource
from aigc_tf.data.files import read_text
from aigc_tf.data.images.decode import decode_files
from aigc_tf.data.images.prepare import decode_image, prepare_arrays
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.source import GIVEN, held_out_by_key, validation_keys
from aigc_tf.errors import InputError, UnreadableError, listed, printable
from aigc_tf.recipes.align import Align
from aigc_tf.recipes.images import ImageSettings

AUTO = "captioned_shapes"
TABLE = "captions.tsv"
_EXPECTED = f"a file of lines picture<TAB>caption, a folder with such a file {TABLE}, or {AUTO}"
_TEST_SHARE = 0.15
_OWN, _MADE_UP = "the user's own", "made up by this project, Apache-2.0"


def open_source(recipe: Align, data: Any = None) -> CaptionedSource:
    """The captioned pictures that a recipe asks for; a part of them is held out by a hash of their pixels.

    Args:
        recipe: its `source` is `auto` (`captioned_shapes`), a table, or a folder that holds one.
        data: used instead of the source: pictures, uint8 or in [0, 1], `[count, height, width, channels]`, and a
            caption for each.

    Raises:
        InputError: the source or the data is missing or cannot be used, or there are too few captions.
    """
    side, channels = recipe.video.crop, recipe.video.channels
    settings = ImageSettings(height=side, width=side, channels=channels)
    notes: tuple[str, ...] = ()
    if data is not None:
        given, captions = data
        pictures, name, licence = prepare_arrays(np.asarray(given), settings), GIVEN, _OWN
    elif recipe.source in ("auto", AUTO):
        (pictures, captions), name, licence = captioned_shapes(side, channels), AUTO, _MADE_UP
    else:
        if not is_path(recipe.source, (".tsv",), _EXPECTED):
            raise InputError(f"source {recipe.source!r} is not known: name {_EXPECTED}")
        table = existing(recipe.source, _EXPECTED)
        pictures, captions, notes = read_captioned(table / TABLE if table.is_dir() else table, settings, recipe)
        name, licence = str(table), _OWN
    if len(pictures) != len(captions):
        raise InputError(f"{len(pictures)} pictures have {len(captions)} captions: give one for each")
    source = _divided(CaptionedPictures(pictures, list(captions), recipe), name, licence)
    summary = f"{name}: {source.sizes_in_words('captioned pictures', len)}"
    return dataclasses.replace(source, notes=(summary, *notes))


def _divided(whole: CaptionedPictures, name: str, licence: str) -> CaptionedSource:
    held = held_out_by_key(validation_keys(whole.pictures), round(_TEST_SHARE * len(whole)))
    train, test = (whole.at(np.flatnonzero(side)) for side in (~held, held))
    source = CaptionedSource(
        name=name,
        licence=licence,
        train=train,
        test=test,
        test_split=f"clips of {len(test):,} pictures, by content hash",
    ).for_recipe(whole.recipe)
    scenes = whole.recipe.scenes
    for part, pictures in (("train", source.train), ("choose by", source.watched), ("test on", source.test)):
        found = len(set(pictures.captions))
        if found < scenes:
            raise InputError(
                f"{name} has {len(whole)} captioned pictures, {found} captions of them to {part}: a clip has {scenes} "
                "pictures of other captions (scenes), give more"
            )
    return source


def read_captioned(
    table: Path, settings: ImageSettings, recipe: Align
) -> tuple[np.ndarray, list[str], tuple[str, ...]]:
    """The pictures of a table `picture<TAB>caption`, whose names are relative to its folder.

    Returns:
        Pictures in their size, uint8 `[count, side, side, channels]`, their captions, and lines on what was left out.

    Raises:
        InputError: the table is missing or holds something else, a name leads out of its folder, or too many pictures
            cannot be read.
    """
    try:
        lines = [line for line in read_text(table).split("\n") if line.strip()]
    except UnreadableError as error:
        raise InputError(f"{table} {error}: expected lines picture<TAB>caption in UTF-8") from error
    except OSError as error:
        raise InputError(f"{table}: {error.strerror or error}; expected {_EXPECTED}") from error
    rows = [_row(table, number, line) for number, line in enumerate(lines, 1)]
    found = decode_files([table.parent / name for name, _ in rows], partial(decode_image, settings=settings))
    pictures, captions, unreadable = [], [], []
    for (name, caption), picture in zip(rows, found, strict=True):
        if isinstance(picture, UnreadableError):
            unreadable.append(f"{printable(name)} ({picture})")
        else:
            pictures.append(picture)
            captions.append(caption)
    if not pictures or len(unreadable) > recipe.video.max_unreadable * len(rows):
        raise InputError(f"{len(unreadable)} of {len(rows)} pictures of {table} cannot be read: {listed(unreadable)}")
    return np.stack(pictures), captions, _notes(unreadable)


def _notes(unreadable: Sequence[str]) -> tuple[str, ...]:
    return (f"left out: {listed(list(unreadable))}",) if unreadable else ()


def _row(table: Path, number: int, line: str) -> tuple[str, str]:
    name, tab, caption = line.partition("\t")
    if not tab or not name.strip() or not caption.strip():
        raise InputError(f"line {number} of {table} is no picture<TAB>caption: {printable(line[:60])}")
    path = PurePosixPath(name.strip())
    if path.is_absolute() or ".." in path.parts:
        raise InputError(f"line {number} of {table}: {printable(name)} leads out of the table's folder")
    return str(path), caption.strip()
