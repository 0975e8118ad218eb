"""Log-mel spectrograms and their inversion as Keras layers: STFT, mel bands, logarithm, and fast Griffin-Lim.

A window is four hops long. So the short-time Fourier transform and its inverse are convolutions over blocks of one hop:
ordinary convolutions with constant kernels, which every runtime supports.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
from keras import layers, ops

HOPS = 4
"""Hops per window: successive windows overlap by three quarters."""
_BEFORE, _AFTER = 1, 2  # hops of a frame's window before its own block and after it
_MOMENTUM = 0.99  # of the phases (Perraudin et al. 2013, §3)
_TINY = 1e-12  # squared magnitude: the square root has an infinite slope at 0


@dataclass(frozen=True)
class Frames:
    """Parameters of the STFT and the mel bands."""

    rate: int
    """Samples a second."""
    hop: int
    """Samples from frame to frame."""
    bands: int
    """Mel bands."""
    floor_db: float
    """How far below full scale magnitudes count as silence."""

    @property
    def window(self) -> int:
        """Samples of a frame."""
        return HOPS * self.hop

    @property
    def bins(self) -> int:
        """Frequencies of a frame, from 0 to half the rate."""
        return self.window // 2 + 1

    @property
    def floor(self) -> float:
        """The magnitude of `floor_db`, where 1 is that of a sine at full scale."""
        return float(10.0 ** (-self.floor_db / 20))

    @property
    def steepness(self) -> float:
        """The divisor of log(1 + magnitude / floor) that makes full scale brightness 1."""
        return math.log1p(1 / self.floor)

    @cached_property
    def mel(self) -> np.ndarray:
        """Weights of the frequencies in each band, float64 `[bins, bands]`; those of a band sum to 1.

        Triangles whose corners are evenly spaced on the mel scale of O'Shaughnessy 1987, mel = 2595 log10(1 + f / 700).
        """
        corners = 700 * (10 ** (np.linspace(0, math.log10(1 + self.rate / 1400), self.bands + 2)) - 1)
        frequencies = np.linspace(0, self.rate / 2, self.bins)[:, None]
        rising = (frequencies - corners[:-2]) / np.diff(corners)[:-1]
        falling = (corners[2:] - frequencies) / np.diff(corners)[1:]
        weights = np.maximum(0, np.minimum(rising, falling))
        empty = np.flatnonzero(weights.sum(axis=0) == 0)  # bands narrower than the frequency spacing
        weights[np.abs(frequencies - corners[1:-1]).argmin(axis=0)[empty], empty] = 1
        return weights / weights.sum(axis=0)

    @cached_property
    def kernels(self) -> tuple[np.ndarray, np.ndarray]:
        """Kernels of the STFT, float32 `[4, hop, 2 * bins]`, and of its inverse, float32 `[4, 2 * bins, hop]`.

        With a Hann window, real parts before imaginary ones; a sine at full scale has the magnitude 1. The inverse is
        the least-squares one (Griffin & Lim 1984, eq. 6) without the division by the sum of squared windows, see
        `overlap`.
        """
        angles = 2 * np.pi * np.outer(np.arange(self.window), np.arange(self.bins)) / self.window
        scale = 4 / self.window
        hann = self.hann[:, None]
        forward = scale * hann * np.concatenate([np.cos(angles), -np.sin(angles)], axis=1)
        twice = np.full(self.bins, 2.0)
        twice[0] = 1
        if self.window % 2 == 0:
            twice[-1] = 1
        parts = np.concatenate([np.cos(angles) * twice, -np.sin(angles) * twice], axis=1)
        backward = hann * parts / (self.window * scale)
        analysis = forward.reshape(HOPS, self.hop, -1)
        synthesis = backward.reshape(HOPS, self.hop, -1).transpose(0, 2, 1)[::-1]
        return analysis.astype(np.float32), np.ascontiguousarray(synthesis, np.float32)

    @cached_property
    def hann(self) -> np.ndarray:
        """The periodic Hann window, float64 `[window]`."""
        return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.window) / self.window)

    def overlap(self, frames: int) -> np.ndarray:
        """The sum of the squared windows over each sample, float32 `[frames, hop]`."""
        squares = (self.hann**2).reshape(HOPS, self.hop)
        total = np.zeros((frames + HOPS - 1, self.hop))
        for frame in range(frames):
            total[frame : frame + HOPS] += squares
        return total[_BEFORE : _BEFORE + frames].astype(np.float32)


class OfFrames(layers.Layer):
    """Base of layers without weights that work on frames."""

    def __init__(self, frames: Frames, **options: Any) -> None:
        super().__init__(trainable=False, **options)
        self.frames = frames

    def transformed(self, sound: Any) -> Any:
        """The STFT of blocks `[batch, frames, hop]`: `[batch, frames, 2 * bins]`, real parts before imaginary ones."""
        padded = ops.pad(sound, [[0, 0], [_BEFORE, _AFTER], [0, 0]])
        return ops.conv(padded, ops.convert_to_tensor(self.frames.kernels[0]), padding="valid")

    def inverted(self, spectrum: Any) -> Any:
        """Blocks `[batch, frames, hop]` whose STFT is nearest to `spectrum` in least squares."""
        padded = ops.pad(spectrum, [[0, 0], [_AFTER, _BEFORE], [0, 0]])
        blocks = ops.conv(padded, ops.convert_to_tensor(self.frames.kernels[1]), padding="valid")
        return blocks * (1.0 / self.frames.overlap(spectrum.shape[1]))

    def squares(self, spectrum: Any) -> Any:
        """Squared magnitudes `[batch, frames, bins]` of an STFT."""
        bins = self.frames.bins
        return ops.square(spectrum[..., :bins]) + ops.square(spectrum[..., bins:])


class LogMel(OfFrames):
    """Sound `[batch, samples]` in [-1, 1] -> its log-mel spectrogram `[batch, bands, samples / hop, 1]` in [0, 1].

    High frequencies are above, time goes to the right. Brightness is log(1 + magnitude / floor), 1 at full scale.

    Args:
        frames: parameters of the STFT; the number of samples is a multiple of the hop.
    """

    def call(self, sound: Any) -> Any:
        """The picture."""
        blocks = ops.reshape(sound, (-1, sound.shape[1] // self.frames.hop, self.frames.hop))
        magnitudes = ops.sqrt(self.squares(self.transformed(blocks)) + _TINY)
        bands = ops.matmul(magnitudes, self.frames.mel[:, ::-1].astype(np.float32))
        bright = ops.log(1.0 + bands * (1 / self.frames.floor)) * (1 / self.frames.steepness)
        return ops.expand_dims(ops.transpose(ops.minimum(bright, 1.0), (0, 2, 1)), -1)


class FromLogMel(OfFrames):
    """A log-mel spectrogram `[batch, bands, frames, 1]` in [0, 1] -> sound `[batch, frames * hop]` in [-1, 1].

    Magnitudes are recovered by non-negative least squares; phases start at zero and become consistent by fast
    Griffin-Lim (Perraudin, Balazs & Søndergaard 2013, algorithm 1).

    Args:
        frames: parameters of the STFT.
        iterations: of Griffin-Lim.
    """

    def __init__(self, frames: Frames, iterations: int, **options: Any) -> None:
        super().__init__(frames, **options)
        self.iterations = iterations

    def call(self, picture: Any) -> Any:
        """The sound."""
        frames = self.frames
        bright = ops.transpose(picture[..., 0], (0, 2, 1))
        bands = (ops.exp(bright * frames.steepness) - 1.0) * frames.floor
        magnitudes = ops.relu(ops.matmul(bands, np.linalg.pinv(frames.mel[:, ::-1]).astype(np.float32)))
        twice = ops.concatenate([magnitudes, magnitudes], axis=-1)
        spectrum = ops.concatenate([magnitudes, ops.zeros_like(magnitudes)], axis=-1)
        before: Any = None
        for _ in range(self.iterations):
            consistent = self.transformed(self.inverted(spectrum))
            ahead = consistent if before is None else consistent + _MOMENTUM * (consistent - before)
            # Far below the floor there is no meaningful phase: a ratio of two tiny numbers would amplify rounding
            # errors.
            inverse = ops.rsqrt(self.squares(ahead) + frames.floor**2)
            spectrum, before = twice * ahead * ops.concatenate([inverse, inverse], axis=-1), consistent
        blocks = self.inverted(spectrum)
        sound = ops.reshape(blocks, (-1, picture.shape[2] * frames.hop))
        return ops.clip(sound, -1.0, 1.0)


def picture_network(frames: Frames, samples: int) -> keras.Model:
    """Sound `[batch, samples]` -> its log-mel spectrogram; see `LogMel`."""
    sound = keras.Input((samples,), name="sound")
    return keras.Model(sound, LogMel(frames, name="log_mel")(sound), name="analyse")


def sound_network(frames: Frames, count: int, iterations: int) -> keras.Model:
    """A log-mel spectrogram of `count` frames -> sound; see `FromLogMel`."""
    picture = keras.Input((frames.bands, count, 1), name="picture")
    return keras.Model(picture, FromLogMel(frames, iterations, name="from_log_mel")(picture), name="synthesise")
