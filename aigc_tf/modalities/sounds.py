"""Sounds of a fixed length: read as sources read them, shown as spectrograms, written as WAV or FLAC."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from aigc_tf.data.sound.recording import fitted, library, read_recording
from aigc_tf.data.sound.spectrograms import spectrograms
from aigc_tf.errors import InputError
from aigc_tf.modalities.base import Modality, rows_of
from aigc_tf.modalities.captions import captioned
from aigc_tf.modalities.drawing import enlargement, grid, write_png
from aigc_tf.recipes.sound import SOUND_ENDINGS, SoundSettings
from aigc_tf.storage.files import write_atomically
from aigc_tf.storage.marks import comment_of

_GAP = 0.25  # seconds between sounds in one file
_FORMATS = {".wav": "WAV", ".flac": "FLAC"}


class Sounds(Modality):
    """Sounds of a fixed length: float32 `[samples]` in [-1, 1].

    Args:
        settings: sample rate and length, and how recordings are converted to these.
    """

    name = "sounds"
    reads = SOUND_ENDINGS
    writes: ClassVar[tuple[str, ...]] = (".wav", ".flac", ".png", "")
    drawn = 10

    def __init__(self, settings: SoundSettings) -> None:
        self.settings = settings

    def read(self, path: Path) -> np.ndarray:
        """Read the beginning of a recording, padded with silence if it is short; see `read_recording`."""
        return fitted(read_recording(path, self.settings), self.settings.samples)

    def rows(self, given: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
        """One sound, or several."""
        return rows_of(given, 1)

    def strange(self, values: np.ndarray, seed: int) -> np.ndarray:
        """In turn: noise, reversed, clipped at full scale, a tone."""
        random = np.random.default_rng(seed)
        made = values.copy()
        made[0::4] = random.uniform(-1, 1, made[0::4].shape)
        made[1::4] = values[1::4, ::-1]
        made[2::4] = np.clip(20 * values[2::4], -1, 1)
        tones = random.uniform(0.01, 0.9, (len(made[3::4]), 1)) * np.pi * np.arange(made.shape[1])
        made[3::4] = np.sin(tones)
        return made

    def write(self, path: Path, value: np.ndarray, made_by: Mapping[str, str]) -> None:
        """Write a 16-bit mono WAV file with its provenance as comment."""
        write_atomically(path, partial(write_sound, sound=value, rate=self.settings.rate, made_by=made_by))

    def write_all(self, path: Path, values: np.ndarray, made_by: Mapping[str, str], columns: int | None = None) -> None:
        """.wav, .flac: concatenated; .png: spectrograms; without a suffix: a folder of WAV files."""
        if path.suffix in _FORMATS:
            gap = np.zeros(round(_GAP * self.settings.rate), np.float32)
            whole = np.concatenate([part for value in values for part in (value, gap)][:-1])
            write = partial(
                write_sound, sound=whole, rate=self.settings.rate, made_by=made_by, kind=_FORMATS[path.suffix]
            )
            write_atomically(path, write)
        elif path.suffix == ".png":
            sheet = self.show(values, columns)
            write_atomically(path, partial(write_png, image=sheet, made_by=made_by, scale=enlargement(sheet, 400)))
        elif not path.suffix:
            self.write_batches(path, [values], len(values), made_by)
        else:
            raise InputError(f"{path} ends in {path.suffix}: sounds are written as .wav, .flac, .png or to a folder")

    def show(self, values: np.ndarray, columns: int | None = None) -> np.ndarray:
        """A grid of spectrograms: time to the right, frequency upwards."""
        return grid(spectrograms(values, self.settings), columns)

    def show_titled(self, values: np.ndarray, titles: Sequence[str]) -> np.ndarray:
        """A grid of spectrograms, each above its title."""
        return captioned(spectrograms(values, self.settings), titles)

    def thumbnails(self, values: np.ndarray) -> np.ndarray:
        """Spectrograms, averaged down to at most 64 pixels per side."""
        images = spectrograms(values, self.settings)
        shrink = -(-max(images.shape[1:3]) // 64)
        height, width = (size // shrink for size in images.shape[1:3])
        cut = images[:, : height * shrink, : width * shrink]
        small = cut.reshape(len(images), height, shrink, width, shrink, 1).mean(axis=(2, 4))
        return np.round(small * 255).astype(np.uint8)


class Utterances(Sounds):
    """Sounds of any length: float32 `[samples]` in [-1, 1] each, in a list."""

    def rows(self, given: Any) -> list[np.ndarray]:  # type: ignore[override]
        """One sound, or several."""
        return [given] if isinstance(given, np.ndarray) and given.ndim == 1 else list(given)

    def stack(self, values: Sequence[Any]) -> list[np.ndarray]:
        """A list of them."""
        return list(values)

    def show(self, values: Any, columns: int | None = None) -> np.ndarray:
        """Spectrograms padded with silence to the longest; see `Sounds.show`."""
        return super().show(self._padded(values), columns)

    def show_titled(self, values: Any, titles: Sequence[str]) -> np.ndarray:
        """The same with titles."""
        return super().show_titled(self._padded(values), titles)

    def thumbnails(self, values: Any) -> np.ndarray:
        """See `Sounds.thumbnails`."""
        return super().thumbnails(self._padded(values))

    def _padded(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """float32 `[sounds, samples of the recipe]`; longer sounds are cut."""
        made = np.zeros((len(values), self.settings.samples), np.float32)
        for row, value in zip(made, values, strict=True):
            row[: len(value)] = value[: len(row)]
        return made


def write_sound(file: IO[bytes], sound: np.ndarray, rate: int, made_by: Mapping[str, str], kind: str = "WAV") -> None:
    """Write sound `[samples]` in [-1, 1] as a 16-bit mono file with its provenance as comment.

    Args:
        file: the file to write.
        sound: float.
        rate: sample rate in Hz.
        made_by: the provenance mark.
        kind: "WAV" or "FLAC".
    """
    encoded = io.BytesIO()
    with library().SoundFile(encoded, "w", rate, 1, "PCM_16", format=kind) as opened:
        if made_by:  # libsndfile rejects empty comments
            opened.comment = comment_of(made_by)
        opened.write(np.clip(sound, -1, 1))
    file.write(encoded.getvalue())
