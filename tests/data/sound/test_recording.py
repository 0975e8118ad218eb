"""Real-world recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from aigc_tf.data.sound import recording
from aigc_tf.data.sound.recording import fitted, read_recording, trimmed
from aigc_tf.errors import UnreadableError
from aigc_tf.recipes.sound import SoundSettings

SETTINGS = SoundSettings(rate=8000, trim_db=None)


def sine(hertz: float, seconds: float, rate: int) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize(
    ("ending", "rate", "channels"),
    [(".wav", 8000, 1), (".wav", 44100, 2), (".flac", 48000, 6), (".ogg", 16000, 2), (".mp3", 22050, 1)],
)
def test_every_format_rate_and_number_of_channels(tmp_path: Path, ending: str, rate: int, channels: int):
    path = tmp_path / f"a{ending}"
    soundfile.write(path, np.repeat(sine(500, 0.6, rate)[:, None], channels, axis=1), rate)
    sound = read_recording(path, SETTINGS)
    assert sound.dtype == np.int16 and len(sound) == pytest.approx(0.6 * 8000, rel=0.15)  # codecs add silence
    spectrum = np.abs(np.fft.rfft(sound[:4000]))
    assert spectrum.argmax() * 2 == pytest.approx(500, abs=4)
    assert np.abs(sound.astype(int)).max() == pytest.approx(0.9 * 32767, abs=2)


def test_silence_around_is_trimmed_and_pauses_stay():
    word = sine(500, 0.1, 8000)
    pause = np.zeros(800)
    found = trimmed(np.concatenate([pause, word, pause, word, 1e-4 * np.ones(1600)]), 40.0, 8000)
    np.testing.assert_array_equal(found, np.concatenate([word, pause, word]))


def test_short_sounds_have_silence_around_them_and_long_ones_are_cut():
    sound = np.array([1, 2, 3], np.int16)
    np.testing.assert_allclose(fitted(sound, 6) * 32767, [0, 1, 2, 3, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(fitted(sound, 2, 1) * 32767, [2, 3], rtol=1e-6)


def test_only_the_beginning_of_a_huge_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    soundfile.write(tmp_path / "long.wav", sine(500, 3, 8000), 8000)
    monkeypatch.setattr(recording, "LONGEST", 1)
    monkeypatch.setattr(recording, "_BLOCK", 1000)
    assert len(read_recording(tmp_path / "long.wav", SETTINGS)) == 8000


def test_what_holds_no_sound_says_why(tmp_path: Path):
    def refused(name: str) -> str:
        with pytest.raises(UnreadableError) as caught:
            read_recording(tmp_path / name, SETTINGS)
        return str(caught.value)

    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("RIFF is what such files begin with")
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 8000)
    soundfile.write(tmp_path / "silent.wav", np.zeros(100), 8000)
    soundfile.write(tmp_path / "nan.wav", np.full(100, np.nan), 8000, subtype="FLOAT")
    soundfile.write(tmp_path / "slow.wav", sine(1, 1, 100), 100)
    assert refused("empty.wav") == refused("none.wav") == "is empty"
    assert refused("text.wav") == "is not sound, or damaged"
    assert refused("silent.wav") == "is silent" and "not finite" in refused("nan.wav")
    assert "100 samples per second" in refused("slow.wav")
