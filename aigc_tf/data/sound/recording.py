"""Reads recordings of any sample rate, channels and format that libsndfile supports, at one sample rate."""

from __future__ import annotations

import math
from pathlib import Path
from typing import IO, Any

import numpy as np

from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.recipes.sound import MAX_RATE, MIN_RATE, SoundSettings

LONGEST = 1800
"""Maximum length in seconds; the rest of a recording is ignored."""
PEAK = 0.9
"""Peak that recordings are normalised to, with 1 as full scale: recording levels carry little information."""
_BLOCK = 2**18  # samples to read at once
_SILENT = 1e-4  # of full scale: recordings that never exceed it have nothing to learn
_PART = 0.01  # length in seconds of the frames whose loudness is compared


def read_recording(path: Path, settings: SoundSettings) -> np.ndarray:
    """Read a file: mono, resampled, trimmed, at most half an hour: int16 `[samples]`, normalised to a peak of 0.9.

    Raises:
        UnreadableError: it is damaged, not sound, empty or silent.
        OSError: the system cannot read it.
    """
    with path.open("rb") as file:
        sound, rate = _decoded(file)
    return prepared(sound, rate, settings)


def prepared(sound: np.ndarray, rate: int, settings: SoundSettings) -> np.ndarray:
    """Process sound `[samples]` as `read_recording` does.

    Raises:
        UnreadableError: it is empty, silent, or contains NaN or infinite values.
    """
    from scipy.signal import resample_poly

    if not np.isfinite(sound).all():
        raise UnreadableError("holds values that are not finite")
    if not len(sound) or np.abs(sound).max() < _SILENT:
        raise UnreadableError("is silent" if len(sound) else "is empty")
    if rate != settings.rate:
        shared = math.gcd(rate, settings.rate)
        sound = resample_poly(sound, settings.rate // shared, rate // shared)
    if settings.trim_db is not None:
        sound = trimmed(sound, settings.trim_db, settings.rate)
    peak = np.abs(sound).max(initial=0)
    if peak < _SILENT:
        raise UnreadableError("is silent at the requested rate")
    return np.round(sound * (PEAK * 32767 / peak)).astype(np.int16)


def trimmed(sound: np.ndarray, below_db: float, rate: int) -> np.ndarray:
    """Trim sound `[samples]` to the range of 10 ms frames that are nearly as loud as the loudest one.

    Args:
        sound: must not be silent.
        below_db: how much quieter a frame may be, by root mean square.
        rate: sample rate in Hz.
    """
    size = max(1, round(_PART * rate))
    parts = np.pad(sound, (0, -len(sound) % size)).reshape(-1, size)
    loudness = np.sqrt(np.mean(np.square(parts.astype(np.float64)), axis=1))
    heard = np.flatnonzero(loudness >= loudness.max() * 10 ** (-below_db / 20))
    return sound[heard[0] * size : (heard[-1] + 1) * size]


def fitted(sound: np.ndarray, samples: int, start: int = 0) -> np.ndarray:
    """A part of sound `[any]` as float32 `[samples]` in [-1, 1]; shorter sound is padded with silence.

    Args:
        sound: int16.
        samples: length of the result.
        start: first sample, if the sound is longer.
    """
    if len(sound) < samples:
        before = (samples - len(sound)) // 2
        sound = np.pad(sound, (before, samples - len(sound) - before))
        start = 0
    return sound[start : start + samples].astype(np.float32) / np.float32(32767)


def library() -> Any:
    """Import the package soundfile.

    Raises:
        InputError: it is not installed.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:  # it raises OSError without libsndfile
        raise InputError("sound is read and written with soundfile: pip install 'aigc-tf[sound]'") from error
    return soundfile


def _decoded(file: IO[bytes]) -> tuple[np.ndarray, int]:
    """Decode to mono float32 `[samples]`, with the sample rate."""
    soundfile = library()
    if not file.read(1):
        raise UnreadableError("is empty")
    file.seek(0)
    try:
        with soundfile.SoundFile(file) as opened:
            rate = int(opened.samplerate)
            if not MIN_RATE <= rate <= MAX_RATE:
                raise UnreadableError(f"has {rate} samples per second: expected {MIN_RATE} to {MAX_RATE}")
            parts, left = [], LONGEST * rate
            while left > 0:
                block = opened.read(min(_BLOCK, left), dtype="float32", always_2d=True)
                if not len(block):
                    break
                parts.append(block.mean(axis=1))
                left -= len(block)
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError) as error:
        raise UnreadableError("is not sound, or damaged") from error
    return np.concatenate(parts) if parts else np.zeros(0, np.float32), rate
