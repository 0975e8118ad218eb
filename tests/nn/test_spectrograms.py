"""The STFT and its inverse as convolutions, mel bands, and phases by Griffin-Lim."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_tf.nn.spectrograms import Frames, FromLogMel, LogMel

FRAMES = Frames(rate=8000, hop=20, bands=24, floor_db=70.0)
COUNT = 40


@pytest.fixture(scope="module")
def sounds() -> np.ndarray:
    """Tones of three pitches that fade in and out: float32 `[3, samples]`."""
    times = np.arange(COUNT * FRAMES.hop) / FRAMES.rate
    voices = [sum(np.sin(2 * np.pi * pitch * n * times) / n for n in (1, 2, 3)) for pitch in (200, 330, 500)]
    return (0.4 * np.array(voices) * np.sin(np.pi * times / times[-1])).astype(np.float32)


def blocks(sounds: np.ndarray) -> np.ndarray:
    return sounds.reshape(len(sounds), COUNT, FRAMES.hop)


def test_a_frame_is_the_windowed_fourier_transform(sounds: np.ndarray):
    spectrum = np.asarray(LogMel(FRAMES).transformed(blocks(sounds)))
    start = 10 * FRAMES.hop
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAMES.window) / FRAMES.window)
    expected = np.fft.rfft(sounds[1, start : start + FRAMES.window] * hann) * 4 / FRAMES.window
    np.testing.assert_allclose(spectrum[1, 11, : FRAMES.bins], expected.real, atol=1e-5)
    np.testing.assert_allclose(spectrum[1, 11, FRAMES.bins :], expected.imag, atol=1e-5)


def test_a_sine_at_full_scale_has_magnitude_one():
    bin_of_sine = 8
    sine = np.sin(2 * np.pi * bin_of_sine * np.arange(COUNT * FRAMES.hop) / FRAMES.window)[None].astype(np.float32)
    layer = LogMel(FRAMES)
    magnitudes = np.sqrt(np.asarray(layer.squares(layer.transformed(blocks(sine)))))[0, 5]
    assert magnitudes.argmax() == bin_of_sine and magnitudes.max() == pytest.approx(1, abs=1e-4)


def test_the_inverse_gives_the_sound_back(sounds: np.ndarray):
    layer = LogMel(FRAMES)
    again = np.asarray(layer.inverted(layer.transformed(blocks(sounds))))
    np.testing.assert_allclose(again, blocks(sounds), atol=1e-5)


def test_bands_are_means_and_cover_all_frequencies():
    np.testing.assert_allclose(FRAMES.mel.sum(axis=0), 1)
    assert (FRAMES.mel >= 0).all() and (FRAMES.mel.sum(axis=1)[1:-1] > 0).all()
    narrow = Frames(rate=8000, hop=16, bands=33, floor_db=70.0).mel  # bands narrower than the frequency resolution
    np.testing.assert_allclose(narrow.sum(axis=0), 1)


def test_a_spectrogram_has_low_frequencies_below_and_silence_is_black():
    times = np.arange(COUNT * FRAMES.hop) / FRAMES.rate
    pictures = np.asarray(LogMel(FRAMES)(np.stack([np.sin(2 * np.pi * f * times) for f in (300, 3000)])))
    low, high = pictures[:, :, COUNT // 2, 0].argmax(axis=1)
    assert pictures.shape == (2, 24, COUNT, 1) and low > high and pictures.max() <= 1
    silent = np.asarray(LogMel(FRAMES)(np.zeros((1, COUNT * FRAMES.hop), np.float32)))
    assert silent.max() < 1e-2
    assert np.abs(np.asarray(FromLogMel(FRAMES, 3)(np.zeros_like(silent)))).max() < 1e-6


def test_phases_become_consistent(sounds: np.ndarray):
    """The spectrogram of the reconstructed sound approaches the given one."""
    pictures = np.asarray(LogMel(FRAMES)(sounds))
    errors = []
    for iterations in (0, 4, 32):
        made = np.asarray(FromLogMel(FRAMES, iterations)(pictures))
        assert made.shape == sounds.shape and np.abs(made).max() <= 1
        errors.append(float(np.abs(np.asarray(LogMel(FRAMES)(made)) - pictures).mean()))
    assert errors[0] > 1.5 * errors[1] and errors[1] > errors[2] and errors[2] < 0.03
