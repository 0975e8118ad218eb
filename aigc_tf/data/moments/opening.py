"""Opens sources of clips composed of captioned images: folders with captions, Python data, or synthetic shapes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.data.captioned.made_up import shapes
from aigc_tf.data.captioned.reading import captioned_folder
from aigc_tf.data.images.prepare import prepare_arrays
from aigc_tf.data.moments.source import CaptionedPictures, MomentSource
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.source import GIVEN, held_out_by_key, validation_keys
from aigc_tf.errors import InputError
from aigc_tf.recipes.align import Align
from aigc_tf.recipes.images import ImageSettings

AUTO = "shapes"
_ENDINGS = (".tsv", ".csv", ".jsonl", ".json")
_EXPECTED = f"a folder of pictures with a file of captions, such a file beside its pictures, or {AUTO}"
_TEST_SHARE = 0.15
_OWN, _MADE_UP = "the user's own", "synthetic data of this project, Apache-2.0"


def open_source(recipe: Align, data: Any = None) -> MomentSource:
    """Open the clips of a recipe; a part of the images is held out by a hash of their pixels.

    Args:
        recipe: its `source` is `auto` (`shapes`), a folder with a captions file, or that file.
        data: replaces the source: images, uint8 or in [0, 1], `[count, height, width, channels]`, and a caption for
            each.

    Raises:
        InputError: the source or the data is missing or invalid, or there are too few captions.
    """
    video = recipe.video
    settings = ImageSettings(
        height=video.crop, width=video.crop, channels=video.channels, max_unreadable=video.max_unreadable
    )
    notes: tuple[str, ...] = ()
    if data is not None:
        given, captions = data
        pictures, name, licence = prepare_arrays(np.asarray(given), settings), GIVEN, _OWN
    elif recipe.source in ("auto", AUTO):
        drawn, captions = shapes(video.crop, video.crop)
        pictures, name, licence = prepare_arrays(drawn, settings), AUTO, _MADE_UP
    else:
        pictures, captions, notes = _folder(recipe.source, settings)
        name, licence = recipe.source, _OWN
    if len(pictures) != len(captions):
        raise InputError(f"{len(pictures)} pictures have {len(captions)} captions: give one for each")
    source = _divided(CaptionedPictures(pictures, list(captions), recipe), name, licence)
    summary = f"{name}: {source.sizes_in_words('captioned pictures', len)}"
    return dataclasses.replace(source, notes=(summary, *notes))


def _folder(source: str, settings: ImageSettings) -> tuple[np.ndarray, list[str], tuple[str, ...]]:
    """Images uint8 `[count, side, side, channels]`, the first caption of each, and notes on what was left out."""
    if not is_path(source, _ENDINGS, _EXPECTED):
        raise InputError(f"source {source!r} is not known: name {_EXPECTED}")
    path: Path = existing(source, _EXPECTED)
    folder, named = (path, None) if path.is_dir() else (path.parent, str(path))
    pictures, captions, notes = captioned_folder(folder, named, settings, "video.max_unreadable")
    return pictures, [own[0] for own in captions], notes


def _divided(whole: CaptionedPictures, name: str, licence: str) -> MomentSource:
    held = held_out_by_key(validation_keys(whole.pictures), round(_TEST_SHARE * len(whole)))
    train, test = (whole.at(np.flatnonzero(side)) for side in (~held, held))
    source = MomentSource(
        name=name,
        licence=licence,
        train=train,
        test=test,
        test_split=f"clips of {len(test):,} pictures, by content hash",
    ).for_recipe(whole.recipe)
    scenes = whole.recipe.scenes
    for part, pictures in (("train on", source.train), ("validate on", source.watched), ("test on", source.test)):
        found = len(set(pictures.captions))
        if found < scenes:
            raise InputError(
                f"{name} has {len(whole)} captioned pictures, and {found} different captions to {part}: a clip has "
                f"{scenes} pictures with different captions (scenes), give more"
            )
    return source
