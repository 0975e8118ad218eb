"""Damaged clips and designs, for the benchmark `fuzz`."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np

from aigc_tf.data.text import levels, molecules
from aigc_tf.data.video.clip import read_clip, write_animation, write_video
from aigc_tf.recipes.levels import Levels
from aigc_tf.recipes.molecules import Molecules
from aigc_tf.recipes.video import VideoSettings
from tools.benchmarks.mutations import damaged
from tools.benchmarks.specimens import written

SETTINGS = VideoSettings(size=16, crop=16)


def cases() -> dict[str, Callable[[Path, random.Random], None]]:
    """Readers by name."""
    return {"clips": clip, "molecules and levels": design}


@cache
def clips() -> tuple[bytes, ...]:
    """An MP4 file and a GIF of five small frames."""
    frames = np.random.default_rng(0).integers(0, 256, (5, 16, 20, 3), np.uint8)
    return tuple(
        written(partial(write, frames=frames, rate=10.0, made_by={})) for write in (write_video, write_animation)
    )


def clip(folder: Path, chance: random.Random) -> None:
    """A damaged video file or GIF."""
    path = folder / "clip.mp4"
    path.write_bytes(damaged(chance.choice(clips()), chance))
    read_clip(path, SETTINGS)


def design(folder: Path, chance: random.Random) -> None:
    """A damaged file of molecules or of levels."""
    path = folder / "designs.txt"
    path.write_bytes(damaged("\n\n".join(("CCO", "c1ccccc1", "S.#\n.oX", "C" * 90) * 3).encode(), chance))
    if chance.random() < 0.5:
        molecules.open_source(Molecules(source=str(path)))
    else:
        levels.open_source(Levels(source=str(path)))
