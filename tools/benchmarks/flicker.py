"""Flicker of styled clips: runs of `style_video` against `style`, which is applied frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.data.video.clip import Clip, read_clip
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.metrics.images.style import distances
from aigc_tf.metrics.video import flicker as measures
from aigc_tf.metrics.video.baselines import opencv
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes.style import Style
from aigc_tf.recipes.style_video import StyleVideo
from aigc_tf.recipes.video import VideoSettings
from aigc_tf.runs.run import Run

Styled = Callable[[np.ndarray], np.ndarray]
"""Clips `[clips, time, height, width, channels]` in [0, 1] -> styled clips of the same shape."""


def flicker(runs: Sequence[Path], clips: Sequence[Path], frames: int, size: int, seed: int) -> list[dict[str, Any]]:
    """Flicker, and style and content losses, of each run, as means over clips; the first row is the unstyled clips.

    Args:
        runs: runs of `style_video` and `style`; their last checkpoints are measured.
        clips: video files, GIFs, folders of pictures.
        frames: number of frames from the beginning of each clip.
        size: shorter side in pixels.
        seed: random seed of the noise.

    Raises:
        InputError: OpenCV is not installed, a run is of another model, or a clip cannot be read.
    """
    if opencv() is None:
        raise InputError("optical flow needs OpenCV: pip install opencv-python-headless")
    settings = VideoSettings(size=size, crop=16, max_frames=frames)
    windows = [_read(path, settings).frames for path in clips]
    rows: list[dict[str, Any]] = [{"run": "", "method": measures.CLIP} | _means(lambda one: one, windows, seed)]
    for path in runs:
        run = Run.open(path, "last")
        if not isinstance(run.recipe, Style):
            raise InputError(f"{path} is a run of {run.recipe.slug()}: give runs of style_video and style")
        styled = partial(_styled, run)
        found = _means(styled, windows, seed)
        likeness = [_likeness(run.model, window, styled) for window in windows]
        mean = {name: float(np.mean([one[name] for one in likeness])) for name in likeness[0]}
        rows.append({"run": path.name, "method": run.recipe.slug()} | found | mean)
    return rows


def _read(path: Path, settings: VideoSettings) -> Clip:
    try:
        return read_clip(path, settings)
    except (UnreadableError, OSError) as error:
        raise InputError(f"{path} {error}") from error


def _styled(run: Run, clips: np.ndarray) -> np.ndarray:
    """The styled clips; `style` processes frames as separate photographs."""
    if isinstance(run.recipe, StyleVideo):
        return np.asarray(run.transform(clips))
    return np.asarray(run.transform(clips.reshape(-1, *clips.shape[2:]))).reshape(clips.shape)


def _means(styled: Styled, windows: Sequence[np.ndarray], seed: int) -> dict[str, float]:
    found = [measures.flicker(styled, as_brightness(window[np.newaxis]), seed) for window in windows]
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def _likeness(model: Any, window: np.ndarray, styled: Styled) -> dict[str, float]:
    """Style and content distances of the first frame."""
    first = as_brightness(window[np.newaxis, :1])
    return distances(model, styled(first)[0], {"image": first[0]})
