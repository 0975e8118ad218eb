"""Converts arrays of sound to spectrograms and back; the layers are in `aigc_tf.nn.spectrograms`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import keras
import numpy as np

from aigc_tf.nn.spectrograms import Frames, picture_network, sound_network
from aigc_tf.recipes.sound import SoundSettings

_AT_ONCE = 100  # batch size: a batch takes some tens of megabytes


def frames_of(settings: SoundSettings) -> Frames:
    """The framing parameters for these settings."""
    return Frames(settings.rate, settings.hop, settings.bands, settings.floor_db)


@lru_cache(maxsize=16)
def analysis(settings: SoundSettings) -> keras.Model:
    """Sound `[batch, samples]` in [-1, 1] -> log-mel spectrogram `[batch, bands, frames, 1]` in [0, 1]."""
    return picture_network(frames_of(settings), settings.samples)


@lru_cache(maxsize=16)
def synthesis(settings: SoundSettings) -> keras.Model:
    """Log-mel spectrogram -> sound, with phases from Griffin-Lim."""
    return sound_network(frames_of(settings), settings.frames, settings.iterations)


def spectrograms(sounds: np.ndarray, settings: SoundSettings) -> np.ndarray:
    """Sounds `[count, samples]` in [-1, 1] -> float32 `[count, bands, frames, 1]` in [0, 1]."""
    return _applied(analysis(settings), sounds, settings.images.shape)


def sounds_of(pictures: np.ndarray, settings: SoundSettings) -> np.ndarray:
    """Spectrograms `[count, bands, frames, 1]` in [0, 1] -> float32 `[count, samples]` in [-1, 1]."""
    return _applied(synthesis(settings), pictures, (settings.samples,))


def _applied(network: keras.Model, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    def parts() -> Iterator[np.ndarray]:
        yield np.zeros((0, *shape), np.float32)
        for at in range(0, len(values), _AT_ONCE):
            yield np.asarray(network.predict_on_batch(np.asarray(values[at : at + _AT_ONCE], np.float32)))

    return np.concatenate(list(parts()))
