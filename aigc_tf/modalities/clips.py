"""Video clips: read from video files, animated GIFs and folders of images; written as MP4 or GIF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from aigc_tf.data.video.clip import Clip, pictures_of, read_clip, stacked, write_animation, write_video
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.modalities.base import Modality, UserFile
from aigc_tf.modalities.drawing import grid, rows_of, to_bytes, write_png
from aigc_tf.recipes.video import CLIP_ENDINGS, VideoSettings
from aigc_tf.storage.files import write_atomically

SHOWN_FRAMES = 10


class Clips(Modality):
    """Video clips of any size: `Clip` objects, or arrays, uint8 or float in [0, 1], `[time, height, width, channels]`.

    Args:
        settings: channels and frame rate; files are read at their own size.
    """

    name = "clips"
    reads = CLIP_ENDINGS
    writes: ClassVar[tuple[str, ...]] = (".mp4", ".gif", ".png", "")
    drawn = 4

    def __init__(self, settings: VideoSettings) -> None:
        self.settings = settings

    def read(self, path: Path) -> Clip:
        """Read all frames at their own size, up to `video.max_frames`."""
        whole = VideoSettings(
            rate=self.settings.rate,
            size=None,
            crop=16,
            channels=self.settings.channels,
            max_frames=self.settings.max_frames,
        )
        return read_clip(path, whole)

    def read_or_reason(self, path: Path) -> Any:
        """Also reads a folder of images as a clip."""
        if not path.is_dir():
            return super().read_or_reason(path)
        try:
            return self.read(path)
        except UnreadableError as error:
            return error

    def find(self, paths: Sequence[Path]) -> list[UserFile]:
        """Folders of images are clips; for other paths see `Modality.find`."""
        if not paths:
            return super().find(paths)
        found: list[UserFile] = []
        for path in paths:
            if path.is_dir() and pictures_of(path):
                found.append(UserFile(path, Path(path.resolve().name)))
            else:
                found += super().find([path])
        return list(dict.fromkeys(found))

    def read_all(self, files: Sequence[UserFile], at_once: int) -> Iterator[tuple[list[UserFile], Any]]:
        """Reads one file at a time: they may be large."""
        return super().read_all(files, 1)

    def stack(self, values: Sequence[Any]) -> Any:
        """One array if all are arrays of the same shape, otherwise a list."""
        return stacked(values) if all(isinstance(value, np.ndarray) for value in values) else list(values)

    def rows(self, given: Any) -> Any:
        """One clip, or several.

        Raises:
            InputError: one has another shape.
        """
        one = isinstance(given, Clip) or (isinstance(given, np.ndarray) and given.ndim == 4)
        rows = [given] if one else given
        for clip in rows:
            shape = np.shape(frames_of(clip))
            if len(shape) != 4 or shape[-1] not in (1, 3):
                raise InputError(f"a clip has shape {shape}: expected [time, height, width, 1 or 3]")
        return rows

    def write(self, path: Path, value: Any, made_by: Mapping[str, str]) -> None:
        """Write an MP4 file."""
        self._write(path, value, frames_of(value), made_by)

    def write_all(self, path: Path, values: Any, made_by: Mapping[str, str], columns: int | None = None) -> None:
        """.mp4 and .gif: clips side by side, cut to the shortest; .png: frames in rows; or a folder."""
        if path.suffix not in self.writes:
            raise InputError(f"{path} ends in {path.suffix}: clips are written as .mp4, .gif, .png or to a folder")
        if not path.suffix:
            self.write_batches(path, [values], len(values), made_by)
        elif path.suffix == ".png":
            sheet = self.show(values, columns)
            write_atomically(path, lambda file: write_png(file, sheet, made_by))
        elif len(values) == 1:
            self._write(path, values[0], frames_of(values[0]), made_by)
        else:
            clips = _of_one_size([frames_of(value) for value in values])
            frames = np.stack([grid(np.stack(moment), columns) for moment in zip(*clips, strict=False)])
            self._write(path, values[0], frames, made_by)

    def _write(self, path: Path, like: Any, frames: np.ndarray, made_by: Mapping[str, str]) -> None:
        """Write frames at the clip's frame rate; for arrays at that of the settings, if any."""
        rate = rate_of(like) if isinstance(like, Clip) else self.settings.rate or rate_of(like)
        write = write_animation if path.suffix == ".gif" else write_video
        write_atomically(path, partial(_written, write, to_bytes(frames), rate, made_by))

    def show(self, values: Any, columns: int | None = None) -> np.ndarray:
        """A row of frames for each clip, evenly spread."""
        clips = _of_one_size([frames_of(value) for value in values])
        count = min(SHOWN_FRAMES, *map(len, clips))
        return rows_of(np.stack([clip[np.linspace(0, len(clip) - 1, count).astype(int)] for clip in clips]))

    def compare(self, inputs: Any, outputs: Any) -> np.ndarray:
        """Rows of inputs and outputs."""
        return self.show([clip for pair in zip(inputs, outputs, strict=True) for clip in pair])


def _written(write: Any, frames: np.ndarray, rate: float, made_by: Mapping[str, str], file: Any) -> None:
    write(file, frames, rate, made_by)


def _of_one_size(clips: Sequence[np.ndarray]) -> list[np.ndarray]:
    """uint8 clips padded with black at the bottom and right to a common size."""
    sides = [max(clip.shape[axis] for clip in clips) for axis in (1, 2)]
    channels = max(clip.shape[3] for clip in clips)
    found = []
    for clip in map(to_bytes, clips):
        missing = [(0, side - size) for side, size in zip(sides, clip.shape[1:3], strict=True)]
        padded = np.pad(clip, ((0, 0), *missing, (0, 0)))
        found.append(np.repeat(padded, channels // clip.shape[3], axis=-1))
    return found


def frames_of(value: Any) -> np.ndarray:
    """The frames of a clip or an array."""
    return value.frames if isinstance(value, Clip) else np.asarray(value)


def rate_of(value: Any) -> float:
    """Frames per second; for arrays the default of clips."""
    return value.rate if isinstance(value, Clip) else Clip.rate
