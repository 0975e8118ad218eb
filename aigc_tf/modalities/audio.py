"""Audio clips for TensorBoard and as files."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from typing import IO

import numpy as np


@dataclass(frozen=True, eq=False)
class Clip:
    """A sound to play in TensorBoard, next to images and text."""

    sound: np.ndarray
    """float `[samples]` in [-1, 1]."""
    rate: int
    """Sample rate in Hz."""

    def write(self, file: IO[bytes]) -> None:
        """Write it as a 16-bit mono WAV file."""
        whole = np.round(self.sound * 32767).astype("<i2")
        with wave.open(file, "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(2)
            written.setframerate(self.rate)
            written.writeframes(whole.tobytes())
