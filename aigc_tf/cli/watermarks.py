"""Watermarks on the command line: detecting them in pictures and texts, and keeping their keys secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from aigc_tf.errors import InputError, UnreadableError

TOLD = "yes"
"""What a mark of origin shows in place of a key."""


class Looked(NamedTuple):
    """Whether a watermark was found, and how clearly."""

    found: bool
    words: str


def without_key(options: Mapping[str, Any]) -> dict[str, Any]:
    """The sampling options without the secret key, for a mark of origin."""
    return {name: TOLD if name == "watermark" else value for name, value in options.items()}


def look_for(key: str, file: Path, run: Path | None) -> Looked:
    """Look for a watermark in a picture or a text.

    Args:
        key: that it may have been generated with.
        file: with the extension .txt or .md for a text.
        run: for a text, the run whose vocabulary tokenises it.

    Raises:
        InputError: the file cannot be read, or the run is missing or not one of text.
    """
    return _in_text(key, file, run) if file.suffix.lower() in (".txt", ".md") else _in_picture(key, file)


def _in_picture(key: str, file: Path) -> Looked:
    import numpy as np

    from aigc_tf.data.images.prepare import read_image
    from aigc_tf.modalities.watermark import FOUND, score

    try:
        picture = read_image(file.read_bytes(), lambda found, turn: np.asarray(found.convert("RGB")))
    except UnreadableError as error:
        raise InputError(f"{file} cannot be read: {error}") from error
    found = score(picture, key)
    return Looked(found >= FOUND, f"score {found:.1f}, at least {FOUND:g} is needed")


def _in_text(key: str, file: Path, run: Path | None) -> Looked:
    from aigc_tf.families.text.watermark import FOUND, count_green
    from aigc_tf.runs.run import Run

    if run is None:
        raise InputError("--watermark needs --run for a text: the run that may have written it, for its vocabulary")
    vocabulary: Any = Run.open(run).assets().get("vocabulary")
    if vocabulary is None:
        raise InputError(f"{run} is not a run of text: it has no vocabulary")
    tokens = vocabulary.encode(file.read_text("utf-8")).tolist()
    found = count_green(tokens, key, len(vocabulary))
    words = f"z {found.z:.1f}, at least {FOUND:g} is needed: {found.green} of {found.symbols} tokens are green"
    return Looked(found.z >= FOUND, words)
