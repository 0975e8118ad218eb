"""Opens sources of video: clips, Python arrays, and moving sprites."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from aigc_tf.data.images.opening import NAMED
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.progress import progress
from aigc_tf.data.source import GIVEN
from aigc_tf.data.video.clip import Clip, pictures_of, read_clip
from aigc_tf.data.video.source import VideoSource
from aigc_tf.data.video.splits import ClipSplit, MovingSplit
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError, UnreadableError, listed, printable
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.video import CLIP_ENDINGS, ClipRecipe

AUTO = "moving_shapes"
MOVING = "moving_"
_EXPECTED = "a video file, a folder of them, a folder of pictures, moving_shapes or moving_fashion_mnist"
_TEST_SHARE = 0.2
_SHAPES = 400


def open_source(recipe: ClipRecipe, data: Any = None) -> VideoSource:
    """Open the video of a recipe.

    Args:
        recipe: its `source` is `auto` (`moving_shapes`), `moving_fashion_mnist`, a video file, or a folder: of video
            files, of folders with the frames of a clip as images, or of the images of one clip.
        data: replaces the source: clips uint8 or in [0, 1], `[time, height, width, channels]`, in a list or an array.

    Raises:
        InputError: the source or the data is missing or invalid.
    """
    name = recipe.source
    if data is not None:
        source = _of_clips(GIVEN, "the user's own", [_checked(clip, recipe) for clip in data], recipe, ())
    elif name in ("auto", AUTO) or (name.startswith(MOVING) and name.removeprefix(MOVING) in NAMED):
        source = _moving(AUTO if name == "auto" else name, recipe)
    else:
        if not is_path(name, CLIP_ENDINGS, _EXPECTED):
            raise InputError(f"source {name!r} is not known: name {_EXPECTED}")
        path = existing(name, _EXPECTED)
        clips, notes = _read(path, recipe)
        source = _of_clips(str(path), "the user's own", clips, recipe, notes)
    source = source.for_recipe(recipe)
    summary = f"{source.name}: {source.sizes_in_words('windows', len)}"
    return dataclasses.replace(source, notes=(summary, *source.notes))


def _moving(name: str, recipe: ClipRecipe) -> VideoSource:
    settings = recipe.video
    if name == AUTO:
        shapes = made_up_shapes(_SHAPES, settings.crop // 3, settings.channels)
        train, test = shapes[_SHAPES // 10 :], shapes[: _SHAPES // 10]
        licence, split = "synthetic data of this project, Apache-2.0", "other shapes"
    else:
        images = NAMED[name.removeprefix(MOVING)](ImageSettings(channels=settings.channels))
        train, test, licence = np.asarray(images.train.images), np.asarray(images.test.images), images.licence
        split = f"pictures of the {images.test_split}"
    if settings.crop < 1.5 * train.shape[1]:
        raise InputError(
            f"video.crop is {settings.crop}, and what moves in {name} has {train.shape[1]} pixels: give at least "
            f"{int(np.ceil(1.5 * train.shape[1]))}"
        )
    parts = (MovingSplit(pixels, recipe.window, settings.crop) for pixels in (train, test))
    return VideoSource(name=name, licence=licence, train=next(parts), test=next(parts), test_split=split)


def made_up_shapes(count: int, side: int, channels: int, seed: int = 0) -> np.ndarray:
    """Discs, squares, triangles and rings of random brightness or colour: uint8 `[count, side, side, channels]`."""
    random = np.random.default_rng(seed)
    found = []
    for index in range(count):
        picture = Image.new("RGB", (side, side))
        draw, end = ImageDraw.Draw(picture), side - 1
        colour = tuple(map(int, random.integers(90, 256, 3)))
        edge = int(random.integers(0, side // 4))
        box = (edge, edge, end - edge, end - edge)
        kind = index % 4
        if kind == 0:
            draw.ellipse(box, fill=colour)
        elif kind == 1:
            draw.rectangle(box, fill=colour)
        elif kind == 2:
            draw.polygon([(edge, end - edge), (end // 2, edge), (end - edge, end - edge)], fill=colour)
        else:
            draw.ellipse(box, outline=colour, width=max(1, side // 6))
        pixels = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
        found.append(pixels.reshape(side, side, channels))
    return np.stack(found)


def _read(path: Path, recipe: ClipRecipe) -> tuple[list[Clip], tuple[str, ...]]:
    """The clips of a file or folder, and notes on what was left out.

    Raises:
        InputError: there are none, or too many cannot be read.
    """
    paths = clips_below(path)
    if not paths:
        raise InputError(f"folder {path} holds no clips: expected files that end in {', '.join(CLIP_ENDINGS)}")
    clips: list[Clip] = []
    unreadable: list[str] = []
    for one in progress(paths, len(paths), "reading clips"):
        try:
            clips.append(read_clip(one, recipe.video))
        except UnreadableError as error:
            unreadable.append(f"{printable(str(one))} {error}")
        except OSError as error:
            unreadable.append(f"{printable(str(one))} {error.strerror or error}")
    if len(unreadable) > recipe.video.max_unreadable * len(paths):
        raise InputError(f"{len(unreadable)} of {len(paths)} clips cannot be read: {listed(unreadable)}")
    return clips, (f"left out: {listed(unreadable)}",) if unreadable else ()


def clips_below(path: Path) -> list[Path]:
    """The clips at a path: itself, video files, or folders of images."""
    if not path.is_dir():
        return [path]
    files = [path / name for name in files_below(path, CLIP_ENDINGS).files]
    if files:
        return files
    folders = [path, *sorted(below for below in path.iterdir() if below.is_dir())]
    return [folder for folder in folders if pictures_of(folder)]


def _of_clips(name: str, licence: str, clips: list[Clip], recipe: ClipRecipe, notes: tuple[str, ...]) -> VideoSource:
    settings, window = recipe.video, recipe.window
    frames = [clip.frames for clip in clips]
    short = sum(len(clip) < window for clip in frames)
    whole = ClipSplit([clip for clip in frames if len(clip) >= window], window, settings.crop, settings.mirror)
    if not len(whole):
        longest = max(map(len, frames), default=0)
        raise InputError(f"{name} has no clip of {window} frames, the longest has {longest}: give longer ones")
    room = max(1, len(whole.clips) // 10)
    found = whole.apart(_TEST_SHARE, room)
    if found is None:
        raise InputError(
            f"{name} is too short to hold some out: windows have {window} frames, and a clip needs {2 * window}"
        )
    train, test, words = found
    notes = (*notes, *([f"left out: {short:,} clips of fewer than {window} frames"] if short else []))
    return VideoSource(name=name, licence=licence, train=train, test=test, test_split=words, notes=notes)


def _checked(clip: Any, recipe: ClipRecipe) -> Clip:
    """Validate a clip given from Python.

    Raises:
        InputError: it is something else, or smaller than a crop.
    """
    frames = np.asarray(clip.frames if isinstance(clip, Clip) else clip)
    settings = recipe.video
    if frames.ndim != 4 or frames.shape[-1] != settings.channels or min(frames.shape[1:3]) < settings.crop:
        raise InputError(
            f"a clip has shape {frames.shape}: expected [time, height, width, {settings.channels}] with at least "
            f"{settings.crop} pixels (video.channels, video.crop)"
        )
    if frames.dtype != np.uint8:
        if not (np.isfinite(frames).all() and 0 <= frames.min() <= frames.max() <= 1):
            raise InputError(f"a clip is {frames.dtype}: expected uint8, or numbers in [0, 1]")
        frames = np.round(frames * 255).astype(np.uint8)
    return Clip(frames)
