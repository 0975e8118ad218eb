"""Text: read from UTF-8 files, printed, written one text per line or separated by rules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from aigc_tf.data.files import read_text
from aigc_tf.data.text.vocabulary import refuse_half_characters
from aigc_tf.modalities.base import Modality
from aigc_tf.storage.files import write_text


class Text(Modality):
    """Texts: strings."""

    name = "texts"
    reads = (".txt", ".md")
    writes: ClassVar[tuple[str, ...]] = (".txt", ".json", "")
    is_printed = True
    drawn = 1

    def read(self, path: Path) -> str:
        """Read a whole file, without trailing white space."""
        return read_text(path).rstrip()

    def stack(self, values: Sequence[str]) -> list[str]:
        """A list."""
        return list(values)

    def write(self, path: Path, value: str, made_by: Mapping[str, str]) -> None:
        """Write a text file; plain text cannot contain a provenance mark."""
        write_text(path, value + "\n")

    def write_all(
        self, path: Path, values: Sequence[str], made_by: Mapping[str, str], columns: int | None = None
    ) -> None:
        """.json: the provenance mark and a list; otherwise as printed."""
        if path.suffix == ".json":
            write_text(path, json.dumps({**made_by, "texts": list(values)}, ensure_ascii=False, indent=1) + "\n")
        else:
            write_text(path, self.show(values) + "\n")

    def show(self, values: Sequence[str], columns: int | None = None) -> str:
        """One text per line, or separated by rules if some have several lines."""
        return ("\n---\n" if any("\n" in text for text in values) else "\n").join(values)

    def compare(self, inputs: Sequence[str], outputs: Sequence[str]) -> str:
        """Each input text with its output below."""
        return "\n\n".join(f"{before}\n-> {after}" for before, after in zip(inputs, outputs, strict=True))

    def rows(self, given: str | Sequence[str]) -> list[str]:
        """One text, or several."""
        return self.parse([given] if isinstance(given, str) else given)

    def parse(self, words: Sequence[str]) -> Any:
        """The words themselves.

        Raises:
            InputError: one is not Unicode.
        """
        for number, word in enumerate(words, 1):
            refuse_half_characters(word, "the text" if len(words) == 1 else f"text {number}")
        return list(words)
