"""Parts of video sources: windows of clips, or moving sprites generated on the fly."""

from __future__ import annotations

import abc
import hashlib
from collections.abc import Sequence

import numpy as np

from aigc_tf.data.source import evenly, held_out_by_key, validation_keys

FEW_CLIPS = 20  # with fewer clips, the end of each is held out instead of whole clips
_VALIDATION_SHARE = 0.1


class VideoSplit(abc.ABC):
    """Windows of a fixed number of frames, uint8 `[frames, crop, crop, channels]`.

    Args:
        frames: length of a window.
        crop: height and width of a window.
        mirror: whether to mirror training windows at random.
    """

    def __init__(self, frames: int, crop: int, mirror: bool) -> None:
        self.frames, self.crop, self.mirror = frames, crop, mirror

    @abc.abstractmethod
    def __len__(self) -> int:
        """Windows per epoch."""

    @abc.abstractmethod
    def window(self, number: int, random: np.random.Generator | None) -> np.ndarray:
        """A window: a random crop, or the centre crop without a generator."""

    @abc.abstractmethod
    def cut(self) -> tuple[VideoSplit, VideoSplit, str] | None:
        """Training part, validation part, and a description of the split; None if there is too little."""

    @abc.abstractmethod
    def digest(self) -> bytes:
        """A hash of all content."""

    def windows(self, numbers: np.ndarray, seeds: np.ndarray, seed: int) -> np.ndarray:
        """Training windows `[batch, ...]`, each determined by its number, its seeds `[batch, 2]` and the run's seed."""
        return np.stack(
            [
                self.window(int(number), np.random.default_rng((seed, *map(int, own))))
                for number, own in zip(numbers, seeds, strict=True)
            ]
        )

    def spread(self, count: int) -> np.ndarray:
        """At most `count` windows, evenly spread, always the same: `[count, ...]`."""
        return np.stack([self.window(int(number), None) for number in evenly(len(self), count)])


class ClipSplit(VideoSplit):
    """Windows of clips, starting at every frame.

    Args:
        clips: uint8 `[time, height, width, channels]` each, sides at least a crop.
        frames: see `VideoSplit`; each clip has at least as many.
        crop: the same.
        mirror: the same.
    """

    def __init__(self, clips: Sequence[np.ndarray], frames: int, crop: int, mirror: bool) -> None:
        super().__init__(frames, crop, mirror)
        self.clips = list(clips)
        self._ends = np.cumsum([len(clip) - frames + 1 for clip in self.clips])

    def __len__(self) -> int:
        return int(self._ends[-1]) if self.clips else 0

    def window(self, number: int, random: np.random.Generator | None) -> np.ndarray:
        """See `VideoSplit.window`."""
        index = int(np.searchsorted(self._ends, number, side="right"))
        start = number - (int(self._ends[index - 1]) if index else 0)
        clip = self.clips[index]
        room = [size - self.crop for size in clip.shape[1:3]]
        top, left = (free // 2 if random is None else int(random.integers(free + 1)) for free in room)
        found = clip[start : start + self.frames, top : top + self.crop, left : left + self.crop]
        return found[:, :, ::-1] if self.mirror and random is not None and random.random() < 0.5 else found

    def of(self, clips: Sequence[np.ndarray]) -> ClipSplit:
        """The same for other clips, without those that are too short."""
        long = [clip for clip in clips if len(clip) >= self.frames]
        return ClipSplit(long, self.frames, self.crop, self.mirror)

    def apart(self, share: float, room: int | None) -> tuple[ClipSplit, ClipSplit, str] | None:
        """Split into two parts: whole clips by hash, or if there are few the end of each clip; without overlap.

        Args:
            share: share of each clip's frames, if there are few clips.
            room: number of clips, if there are many; None means the size of a validation part.
        """
        if len(self.clips) >= FEW_CLIPS:
            held = held_out_by_key(validation_keys(self.clips), room)
            sides = (
                [clip for clip, out in zip(self.clips, held, strict=True) if out is side] for side in (False, True)
            )
            kept, out = map(self.of, sides)
            words = f"{len(out.clips):,} clips by content hash"
        else:
            ends = [len(clip) - max(self.frames, round(share * len(clip))) for clip in self.clips]
            kept = self.of([clip[:end] for clip, end in zip(self.clips, ends, strict=True)])
            out = self.of([clip[max(end, 0) :] for clip, end in zip(self.clips, ends, strict=True) if end > 0])
            words = f"the last {share:.0%} of each clip"
        return (kept, out, words) if len(kept) and len(out) else None

    def cut(self) -> tuple[VideoSplit, VideoSplit, str] | None:
        """See `VideoSplit.cut`."""
        return self.apart(_VALIDATION_SHARE, None)

    def digest(self) -> bytes:
        """See `VideoSplit.digest`."""
        digest = hashlib.sha256()
        for clip in self.clips:
            digest.update(f"{clip.shape};".encode())
            digest.update(np.ascontiguousarray(clip).data)
        return digest.digest()


class MovingSplit(VideoSplit):
    """Two sprites that move straight and bounce off the borders (Srivastava et al. 2015, §4.1: moving MNIST).

    Windows are generated on the fly: training never sees the same one twice. The brighter pixel is in front.

    Args:
        sprites: uint8 `[count, height, width, channels]`, smaller than a crop, on black.
        frames: see `VideoSplit`.
        crop: the same.
    """

    SPEED = (1.5, 4.0)  # pixels per frame
    SPRITES = 2

    def __init__(self, sprites: np.ndarray, frames: int, crop: int) -> None:
        super().__init__(frames, crop, mirror=False)
        self.sprites = sprites

    def __len__(self) -> int:
        return len(self.sprites)

    def window(self, number: int, random: np.random.Generator | None) -> np.ndarray:
        """See `VideoSplit.window`; the sprite with that number, and another one."""
        random = np.random.default_rng((number, 1)) if random is None else random
        _, height, width, channels = self.sprites.shape
        room = np.array([self.crop - height, self.crop - width])
        canvas = np.zeros((self.frames, self.crop, self.crop, channels), np.uint8)
        for index in (number, *random.integers(len(self.sprites), size=self.SPRITES - 1)):
            angle, speed = random.uniform(0, 2 * np.pi), random.uniform(*self.SPEED)
            velocity = speed * np.array([np.sin(angle), np.cos(angle)])
            straight = random.uniform(0, 1, 2) * room + velocity * np.arange(self.frames)[:, None]
            # A straight path, reflected at the borders.
            places = np.rint(room - np.abs(straight % (2 * room) - room)).astype(int)
            for frame, (top, left) in zip(canvas, places, strict=True):
                under = frame[top : top + height, left : left + width]
                np.maximum(under, self.sprites[index], out=under)
        return canvas

    def cut(self) -> tuple[VideoSplit, VideoSplit, str] | None:
        """See `VideoSplit.cut`: sprites are split by a hash."""
        held = held_out_by_key(validation_keys(self.sprites))
        if not held.any() or held.all():
            return None
        kept, out = (MovingSplit(self.sprites[side], self.frames, self.crop) for side in (~held, held))
        return kept, out, f"windows of {held.sum():,} sprites, by content hash"

    def digest(self) -> bytes:
        """See `VideoSplit.digest`."""
        about = f"{self.sprites.shape} {self.SPEED} {self.SPRITES};".encode()
        return hashlib.sha256(about + np.ascontiguousarray(self.sprites).tobytes()).digest()
