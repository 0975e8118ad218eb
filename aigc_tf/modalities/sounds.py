"""Sounds of one length: read as sources read them, shown as spectrograms, written as WAV or FLAC."""

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
    """float32 `[samples]` in [-1, 1].

    Args:
        settings: their rate and length, and how recordings are brought to these.
    """

    name = "sounds"
    reads = SOUND_ENDINGS
    writes: ClassVar[tuple[str, ...]] = (".wav", ".flac", ".png", "")
    drawn = 10

    def __init__(self, settings: SoundSettings) -> None:
        self.settings = settings

    def read(self, path: Path) -> np.ndarray:
        """The beginning of a recording, or all of it with silence around; see `read_recording`."""
        return fitted(read_recording(path, self.settings), self.settings.samples)

    def rows(self, given: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
        """One sound, or several."""
        return rows_of(given, 1)

    def strange(self, values: np.ndarray, seed: int) -> np.ndarray:
        """In turns: noise, backwards, clipped at full scale, a tone."""
        random = np.random.default_rng(seed)
        made = values.copy()
        made[0::4] = random.uniform(-1, 1, made[0::4].shape)
        made[1::4] = values[1::4, ::-1]
        made[2::4] = np.clip(20 * values[2::4], -1, 1)
        tones = random.uniform(0.01, 0.9, (len(made[3::4]), 1)) * np.pi * np.arange(made.shape[1])
        made[3::4] = np.sin(tones)
        return made

    def write(self, path: Path, value: np.ndarray, made_by: Mapping[str, str]) -> None:
        """A WAV file of 16 bits, mono, whose comment says how it was made."""
        write_atomically(path, partial(write_sound, sound=value, rate=self.settings.rate, made_by=made_by))

    def write_all(self, path: Path, values: np.ndarray, made_by: Mapping[str, str], columns: int | None = None) -> None:
        """.wav, .flac: one after the other; .png: their spectrograms; without an ending: a folder of WAV files."""
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
        """A grid of spectrograms: time to the right, low frequencies below."""
        return grid(spectrograms(values, self.settings), columns)

    def show_titled(self, values: np.ndarray, titles: Sequence[str]) -> np.ndarray:
        """A grid of spectrograms, each above its title."""
        return captioned(spectrograms(values, self.settings), titles)

    def thumbnails(self, values: np.ndarray) -> np.ndarray:
        """Their spectrograms, averaged down to at most 64 pixels a side."""
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
        """Spectrograms with as much silence behind each as the longest needs; see `Sounds.show`."""
        return super().show(self._padded(values), columns)

    def show_titled(self, values: Any, titles: Sequence[str]) -> np.ndarray:
        """The same, each above its title."""
        return super().show_titled(self._padded(values), titles)

    def thumbnails(self, values: Any) -> np.ndarray:
        """See `Sounds.thumbnails`."""
        return super().thumbnails(self._padded(values))

    def _padded(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """float32 `[sounds, samples of the recipe]`: longer ones are cut."""
        made = np.zeros((len(values), self.settings.samples), np.float32)
        for row, value in zip(made, values, strict=True):
            row[: len(value)] = value[: len(row)]
        return made


def write_sound(file: IO[bytes], sound: np.ndarray, rate: int, made_by: Mapping[str, str], kind: str = "WAV") -> None:
    """Write sound `[samples]` in [-1, 1] with 16 bits, mono, and what it was made by as its comment.

    Args:
        file: to write.
        sound: float.
        rate: samples a second.
        made_by: what the file says of its origin.
        kind: "WAV" or "FLAC".
    """
    encoded = io.BytesIO()
    with library().SoundFile(encoded, "w", rate, 1, "PCM_16", format=kind) as opened:
        if made_by:  # libsndfile takes no empty comment
            opened.comment = comment_of(made_by)
        opened.write(np.clip(sound, -1, 1))
    file.write(encoded.getvalue())
