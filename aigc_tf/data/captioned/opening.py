"""Opens sources of captioned images: folders with a captions file, TFDS sets, or Python data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.data.captioned.captions import MAX_KNOWN, Captions, plain
from aigc_tf.data.captioned.made_up import shapes
from aigc_tf.data.captioned.public import read_tfds
from aigc_tf.data.captioned.reading import captioned_folder
from aigc_tf.data.captioned.source import CaptionedSource, CaptionedSplit
from aigc_tf.data.images.arrays import check_images
from aigc_tf.data.images.prepare import prepare_arrays
from aigc_tf.data.pairs.vocabularies import begun
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.source import GIVEN, TEST_SPLIT, evenly
from aigc_tf.data.text.vocabulary import learn_vocabulary, refuse_half_characters
from aigc_tf.errors import InputError
from aigc_tf.recipes.captioned import CaptionedRecipe, CaptionSettings
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.text import TextSettings

AUTO = "shapes"
HELD_OUT = "10 % held out as combinations of words, each of which other training captions have, with all their variants"
_EXPECTED = "a folder of pictures with a file of captions, or a TFDS set of captioned pictures"
_OWN, _MADE_UP = "the user's own", "synthetic data of this project, Apache-2.0"
_TEST_SHARE, _NEEDED = 10, 20


@dataclass(frozen=True, eq=False)
class Found:
    """Captioned images as read from a source."""

    name: str
    licence: str
    pictures: CaptionedSplit
    tested: CaptionedSplit | None = None
    """The source's own test part."""
    notes: tuple[str, ...] = ()


def open_source(recipe: CaptionedRecipe, data: Any = None) -> CaptionedSource:
    """Open the captioned images of a recipe, in its size and number of channels.

    Args:
        recipe: its `source` is `auto` (`shapes`: synthetic coloured shapes), a folder, whose `captions` are as in
            `read_captions`, or the name of a TFDS set.
        data: replaces the source: images as in `aigc_tf.data.images.opening.open_source`, and one or more captions for
            each.

    Raises:
        InputError: the source or the data is missing or cannot be used.
    """
    found, settings = _found(recipe, data), recipe.words
    whole, test = found.pictures, found.tested
    if len(whole.images) < _NEEDED:
        raise InputError(
            f"{found.name} has {len(whole.images)} pictures with captions, and at least {_NEEDED} are needed: give more"
        )
    for caption in (caption for own in whole.captions for caption in own):
        refuse_half_characters(caption, f"a caption of {found.name}")
    if test is None:
        chosen = whole.held_out(len(whole.images) // _TEST_SHARE, settings.split)
        whole, test = (whole.at(np.flatnonzero(side)) for side in (~chosen, chosen))
    if not len(test.images):
        raise InputError(
            f"{found.name} leaves nothing to test on: no caption combines words that others have, too; give more "
            "captions that do"
        )
    source = CaptionedSource(
        name=found.name,
        licence=found.licence,
        train=whole,
        test=test,
        test_split=TEST_SPLIT if found.tested is not None else HELD_OUT,
        captions=_captions(whole, settings),
        seed=settings.split,
        augmentation=recipe.augmentation,
    ).for_recipe(recipe)
    return dataclasses.replace(source, notes=(_summary(source), *found.notes))


def _summary(source: CaptionedSource) -> str:
    vocabulary = source.captions.vocabulary
    sizes = source.sizes_in_words("pictures", lambda part: len(part.images))
    return f"{source.name}: {sizes}, {len(vocabulary):,} tokens ({vocabulary.unit})"


def _captions(split: CaptionedSplit, settings: CaptionSettings) -> Captions:
    """The vocabulary of the training captions, and some of them as examples."""
    texts = [plain(caption) for own in split.captions for caption in own]
    form = TextSettings(unit=settings.unit, vocabulary_size=settings.vocabulary_size, lines=True)
    vocabulary = learn_vocabulary((begun(text, settings.unit) for text in texts), form, with_ends=True)
    distinct = list(dict.fromkeys(texts))
    return Captions(vocabulary, settings.length, tuple(distinct[row] for row in evenly(len(distinct), MAX_KNOWN)))


def _found(recipe: CaptionedRecipe, data: Any) -> Found:
    name, settings = recipe.source, recipe.images
    if data is not None:
        return _given(data, settings)
    if name in ("auto", AUTO):
        pictures, captions = shapes(settings.height, settings.width)
        split = CaptionedSplit(prepare_arrays(pictures, settings), None, captions=[[one] for one in captions])
        return Found(AUTO, _MADE_UP, split)
    if not is_path(name, (), _EXPECTED):
        if recipe.captions is not None:
            raise InputError(f"captions is {recipe.captions}, and {name} is a TFDS set: it has its own, leave it out")
        licence, train, test, note = read_tfds(name, settings)
        return Found(name, licence, train, test, (note,))
    path = existing(name, _EXPECTED)
    if not path.is_dir():
        raise InputError(f"source {path} is not a folder: name {_EXPECTED}")
    return _folder(path, recipe.captions, settings)


def _given(data: Any, settings: ImageSettings) -> Found:
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise InputError(f"data is a {type(data).__name__}: expected a pair, images and a caption of each")
    images, captions = np.asarray(data[0]), [[own] if isinstance(own, str) else list(own) for own in data[1]]
    check_images(images, "data")
    if len(images) != len(captions) or not all(captions):
        raise InputError(f"data has {len(images)} images and {len(captions)} captions: give at least one for each")
    if images.dtype != np.uint8:
        images = np.round(images * 255).astype(np.uint8)
    pictures = images if images.ndim == 4 else images[..., np.newaxis]
    return Found(GIVEN, _OWN, CaptionedSplit(prepare_arrays(pictures, settings), None, captions=captions))


def _folder(folder: Path, named: str | None, settings: ImageSettings) -> Found:
    images, captions, notes = captioned_folder(folder, named, settings, "images.max_unreadable")
    return Found(str(folder), _OWN, CaptionedSplit(images, None, captions=captions), notes=notes)
