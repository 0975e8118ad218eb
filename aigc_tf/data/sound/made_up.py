"""Synthetic sounds: the `auto` source, for trying out sound models without data."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.sound.recording import PEAK
from aigc_tf.recipes.sound import SoundSettings

CLASSES = ("rising", "falling", "trill", "knock")
EACH = 60
LETTERS = "abcdef"
"""Letters of the synthetic language."""


def made_up_sounds(settings: SoundSettings) -> tuple[list[np.ndarray], np.ndarray]:
    """60 sounds in each of four classes: rising, falling and vibrato tones, and knocks.

    Returns:
        int16 `[samples]` each, and class numbers, int64 `[count]`.
    """
    random = np.random.RandomState(0)  # this generator is reproducible across NumPy versions
    labels = np.tile(np.arange(len(CLASSES)), EACH)
    return [_sound(random, int(label), settings) for label in labels], labels


def _sound(random: np.random.RandomState, label: int, settings: SoundSettings) -> np.ndarray:
    length = int(settings.samples * (0.6 + 0.4 * random.rand()))
    times = np.arange(length) / length
    base = settings.rate * (0.04 + 0.04 * random.rand())
    if label == 0:
        pitch = base * 2**times
    elif label == 1:
        pitch = base * 2 ** (1 - times)
    elif label == 2:
        pitch = base * (1 + 0.15 * np.sign(np.sin(2 * np.pi * 6 * times)))
    else:
        pitch = np.full(length, base / 2)
    phase = 2 * np.pi * np.cumsum(pitch) / settings.rate
    sound = sum(np.sin(number * phase) / number for number in (1, 2, 3))
    sound *= np.exp(-12 * times) if label == 3 else np.sin(np.pi * times) ** 0.5
    return np.round(sound * (PEAK * 32767 / np.abs(sound).max())).astype(np.int16)


def made_up_speech(settings: SoundSettings) -> tuple[list[np.ndarray], list[str]]:
    """240 words of a synthetic language, in which each letter is a tone with its own pitch and duration.

    Returns:
        int16 `[samples]` each, and the words.
    """
    random = np.random.RandomState(1)
    sounds, words = [], []
    for _ in range(240):
        letters = random.randint(len(LETTERS), size=random.randint(2, 7))
        parts = [_letter(random, int(letter), settings) for letter in letters]
        sound = np.concatenate(parts)
        sounds.append(np.round(sound * (PEAK * 32767 / np.abs(sound).max())).astype(np.int16))
        words.append("".join(LETTERS[letter] for letter in letters))
    return sounds, words


def letter_frames(letter: int) -> int:
    """Duration in frames of a letter of the synthetic language; actual ones differ by up to one."""
    return 4 + letter


def _letter(random: np.random.RandomState, letter: int, settings: SoundSettings) -> np.ndarray:
    length = settings.hop * (letter_frames(letter) + random.randint(-1, 2))
    pitch = settings.rate * 0.05 * 2 ** (letter / 2)
    times = np.arange(length) * 2 * np.pi * pitch / settings.rate
    faded = np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / settings.hop)
    return np.asarray(faded * np.sin(times))
