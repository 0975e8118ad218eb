"""Video clips: reading files of any format, writing MP4 and GIF."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image, ImageSequence

from aigc_tf.data.images.decode import SUFFIXES
from aigc_tf.data.images.prepare import MAX_PIXELS, decode_whole
from aigc_tf.errors import UnreadableError
from aigc_tf.optional import needed
from aigc_tf.recipes.video import VideoSettings
from aigc_tf.storage.marks import comment_of

RATE = 25.0
"""Default frame rate, for folders of images and arrays."""
_FEWEST = 2
_MAX_RATE = 1000.0


@dataclass(frozen=True, eq=False)
class Clip:
    """Frames in order of time."""

    frames: np.ndarray
    """uint8 `[time, height, width, channels]`, or float in [0, 1]."""
    rate: float = RATE
    """Frames per second."""


def av_library() -> ModuleType:
    """Import PyAV, without FFmpeg's messages.

    Raises:
        InputError: the package is not installed.
    """
    av, logging = (needed(name, to="read video files other than GIF", extra="video") for name in ("av", "av.logging"))
    logging.set_level(logging.PANIC)
    return av


def read_clip(path: Path, settings: VideoSettings) -> Clip:
    """Read the frames of a video file, an animated GIF or a folder of images sorted by name.

    Frames are resized while reading, so that a long clip need not fit in memory at its original size.

    Raises:
        UnreadableError: it has fewer than two frames or other content, is damaged from the first frame on, or its
            frames are smaller than a crop or differ in size.
        InputError: the package av is needed but not installed.
        OSError: the system cannot read it.
    """
    if path.is_dir():
        shown = _pictures(path, settings)
    else:
        with path.open("rb") as file:
            start = file.read(6)
        if not start:
            raise UnreadableError("is empty")
        shown = _gif(path, settings) if start in (b"GIF87a", b"GIF89a") else _video(path, settings)
    times: list[float] = []
    frames: list[np.ndarray] = []
    for time, frame in _at_rate(shown, settings.rate):
        if frames and frame.shape != frames[0].shape:
            raise UnreadableError(f"has frames of several sizes, {frames[0].shape[:2]} and {frame.shape[:2]}")
        times.append(time)
        frames.append(frame)
        if len(frames) == settings.max_frames:
            break
    if len(frames) < _FEWEST:
        raise UnreadableError("has a single frame: a clip has at least 2" if frames else "has no frames")
    span = times[-1] - times[0]
    rate = settings.rate or ((len(times) - 1) / span if span > 0 else RATE)
    return Clip(np.stack(frames), float(np.clip(rate, 0.1, _MAX_RATE)))


def _at_rate(shown: Iterator[tuple[float, np.ndarray]], rate: float | None) -> Iterator[tuple[float, np.ndarray]]:
    """Frames with their times unchanged, or resampled to a fixed rate by taking the frame shown at each moment."""
    if rate is None:
        yield from shown
        return
    start: float | None = None
    last: np.ndarray | None = None
    moment = 0
    for time, frame in shown:
        start = time if start is None else start
        while last is not None and start + moment / rate < time - 1e-6:
            yield moment / rate, last
            moment += 1
        last = frame
    if last is not None:
        yield moment / rate, last


def _video(path: Path, settings: VideoSettings) -> Iterator[tuple[float, np.ndarray]]:
    av = av_library()
    found = 0
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise UnreadableError("has no pictures, only sound or other streams")
            for frame in container.decode(video=0):
                _refuse_huge(frame.width, frame.height)
                time = frame.time if frame.time is not None else found / RATE
                yield float(time), _fitted(frame.to_image(), settings)
                found += 1
    except UnreadableError:
        raise
    except Exception as error:  # whatever a decoder raises is about its file
        if not found:  # frames after a damaged place are dropped, as in players
            raise UnreadableError("is not a video that can be read, or damaged at its beginning") from error


def _gif(path: Path, settings: VideoSettings) -> Iterator[tuple[float, np.ndarray]]:
    time, found = 0.0, 0
    try:
        with Image.open(path, formats=("GIF",)) as picture:
            _refuse_huge(*picture.size)
            for frame in ImageSequence.Iterator(picture):
                yield time, _fitted(frame.convert("RGB"), settings)
                # Browsers replace shorter durations by a tenth of a second.
                time += max(frame.info.get("duration", 100) or 100, 10) / 1000
                found += 1
    except UnreadableError:
        raise
    except Exception as error:  # as above
        if not found:
            raise UnreadableError("is a damaged GIF") from error


def pictures_of(folder: Path) -> list[Path]:
    """The images directly in a folder, sorted by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())


def _pictures(folder: Path, settings: VideoSettings) -> Iterator[tuple[float, np.ndarray]]:
    for number, path in enumerate(pictures_of(folder)):
        try:
            pixels = decode_whole(path.read_bytes(), settings.channels)
        except UnreadableError as error:
            raise UnreadableError(f"{path.name} {error}") from error
        yield number / RATE, _fitted(Image.fromarray(pixels.squeeze()), settings)


def _refuse_huge(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UnreadableError(f"has frames of {width:,} by {height:,} pixels, more than {MAX_PIXELS:,}")


def _fitted(picture: Image.Image, settings: VideoSettings) -> np.ndarray:
    """uint8 `[height, width, channels]`, with the shorter side as in the settings."""
    picture = picture.convert("L" if settings.channels == 1 else "RGB")
    shorter = min(picture.size)
    if settings.size is not None and shorter != settings.size:
        size = tuple(max(settings.size, round(side * settings.size / shorter)) for side in picture.size)
        picture = picture.resize(size, Image.Resampling.LANCZOS)  # type: ignore[arg-type]
    elif settings.size is None and shorter < settings.crop:
        raise UnreadableError(f"has frames of {shorter} pixels, fewer than a crop of {settings.crop} (video.crop)")
    return np.asarray(picture).reshape(picture.height, picture.width, settings.channels)


def write_video(file: Any, frames: np.ndarray, rate: float, made_by: Mapping[str, str]) -> None:
    """Write H.264 in MP4 with its provenance as comment; odd heights and widths are padded by one line.

    Args:
        file: open for writing bytes.
        frames: uint8 `[time, height, width, channels]`.
        rate: frames per second.
        made_by: the provenance mark.

    Raises:
        InputError: the package av is not installed.
    """
    av = av_library()
    from fractions import Fraction

    even = np.pad(frames, ((0, 0), *((0, side % 2) for side in frames.shape[1:3]), (0, 0)), mode="edge")
    even = np.repeat(even, 3, axis=-1) if even.shape[-1] == 1 else even
    encoded = io.BytesIO()
    with av.open(encoded, "w", format="mp4") as container:
        container.metadata["comment"] = comment_of(made_by)
        stream = container.add_stream("libx264", rate=Fraction(rate).limit_denominator(1001))
        stream.height, stream.width, stream.pix_fmt = even.shape[1], even.shape[2], "yuv420p"
        stream.options = {"crf": "16"}
        for pixels in even:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")))
        container.mux(stream.encode())
    file.write(encoded.getvalue())


def write_animation(file: Any, frames: np.ndarray, rate: float, made_by: Mapping[str, str]) -> None:
    """Write a looping animated GIF; see `write_video`."""
    pictures = [Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels) for pixels in frames]
    encoded = io.BytesIO()
    pictures[0].save(
        encoded,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=max(20, round(1000 / rate)),
        loop=0,
        comment=comment_of(made_by).encode(),
    )
    file.write(encoded.getvalue())


def stacked(clips: Sequence[np.ndarray]) -> Any:
    """An array if all have the same shape, otherwise a list."""
    return np.stack(clips) if len({clip.shape for clip in clips}) == 1 else list(clips)
