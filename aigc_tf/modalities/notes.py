"""Base of music modalities: written as MIDI and as audio."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from aigc_tf.data.music.midi import SUFFIXES
from aigc_tf.errors import InputError
from aigc_tf.modalities.audio import Clip
from aigc_tf.modalities.base import Modality
from aigc_tf.modalities.drawing import write_png
from aigc_tf.storage.files import write_atomically


class Notes(Modality):
    """Pieces of music of the class `kind`, of any length."""

    name = "pieces of music"
    reads = SUFFIXES
    writes: ClassVar[tuple[str, ...]] = (".mid", ".wav", ".png", "")
    drawn = 4
    kind: type

    def stack(self, values: Sequence[Any]) -> list[Any]:
        """A list, since lengths vary."""
        return list(values)

    def rows(self, given: Any) -> list[Any]:
        """One piece, or several."""
        return [given] if isinstance(given, self.kind) else list(given)

    @abstractmethod
    def joined(self, values: Sequence[Any]) -> Any:
        """Concatenate one or more pieces, each starting at a bar line."""

    @abstractmethod
    def sound(self, values: Sequence[Any]) -> Clip:
        """Audio of pieces one after the other."""

    @abstractmethod
    def show(self, values: Sequence[Any], columns: int | None = None) -> np.ndarray:
        """Piano rolls, uint8 `[height, width, 3]`."""

    def write_all(
        self, path: Path, values: Sequence[Any], made_by: Mapping[str, str], columns: int | None = None
    ) -> None:
        """.mid, .wav: concatenated, each piece from a bar line; .png: piano rolls; without a suffix: a folder."""
        if path.suffix == ".mid":
            self.write(path, self.joined(values), made_by)
        elif path.suffix == ".wav":
            write_atomically(path, self.sound(values).write)
        elif path.suffix == ".png":
            write_atomically(path, partial(write_png, image=self.show(values, columns), made_by=made_by))
        elif not path.suffix:
            self.write_batches(path, [values], len(values), made_by)
        else:
            raise InputError(f"{path} ends in {path.suffix}: music is written as .mid, .wav, .png or to a folder")

    def write_batches(
        self,
        path: Path,
        batches: Iterable[Sequence[Any]],
        count: int,
        made_by: Mapping[str, str],
        columns: int | None = None,
    ) -> None:
        """A folder gets each piece as MIDI and audio, `00000.mid` and `00000.wav`; see `Modality.write_batches`."""
        if path.suffix:
            super().write_batches(path, batches, count, made_by, columns)
            return
        path.mkdir(exist_ok=True)
        for index, piece in enumerate(piece for batch in batches for piece in batch):
            self.write(path / f"{index:05d}.mid", piece, made_by)
            write_atomically(path / f"{index:05d}.wav", self.sound([piece]).write)
