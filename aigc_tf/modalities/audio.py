"""Sounds to listen to, in TensorBoard and as files."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from typing import IO

import numpy as np


@dataclass(frozen=True, eq=False)
class Clip:
    """A sound to listen to in TensorBoard, beside the pictures and the text that are shown."""

    sound: np.ndarray
    """float `[samples]` in [-1, 1]."""
    rate: int
    """Samples a second."""

    def write(self, file: IO[bytes]) -> None:
        """As WAV of 16 bits, mono."""
        whole = np.round(self.sound * 32767).astype("<i2")
        with wave.open(file, "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(2)
            written.setframerate(self.rate)
            written.writeframes(whole.tobytes())
