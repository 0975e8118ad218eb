"""Tells whether a source's name is a path or the name of a public data set."""

from __future__ import annotations

import os
from pathlib import Path

from aigc_tf.data.walk import refuse_special
from aigc_tf.errors import InputError

_FILES = (".npz", ".csv", ".tsv", ".txt", ".nii", ".nii.gz", ".dcm")  # no public data set has such a name


def is_path(name: str, suffixes: tuple[str, ...], expected: str) -> bool:
    """Whether a source's name is a path; TFDS names may contain a slash as well: emnist/letters.

    Args:
        name: name of the source.
        suffixes: suffixes, in lower case, that only files have.
        expected: what may be given, for the error message.

    Raises:
        InputError: the name is empty or cannot be looked up, or stands for data given from Python.
    """
    from aigc_tf.data.source import GIVEN  # imports TensorFlow

    if name == GIVEN:
        raise InputError("the run was trained on data given from Python: resume or measure it where that data is")
    if not name.strip():
        raise InputError(f"source is empty: name {expected}, or say auto")
    try:
        if name.startswith(("~", ".", "/")) or Path(name).exists():
            return True
    except OSError as error:
        raise InputError(f"source {name!r} cannot be opened: {error.strerror}") from error
    if name.lower().endswith(suffixes):
        return True
    from aigc_tf.data import tfds_builders  # imports TensorFlow

    separators = [separator for separator in (os.sep, os.altsep, "/") if separator]
    return any(separator in name for separator in separators) and not tfds_builders.is_known(name.split("/")[0])


def refuse_missing(name: str) -> None:
    """Raise InputError if a source's name can only be a path, and does not exist.

    Opening the source would find that as well; this is immediate.
    """
    if name.startswith(("~", ".")) or Path(name).is_absolute() or name.lower().endswith(_FILES):
        existing(name, "existing files, or a public data set")


def existing(name: str, expected: str) -> Path:
    """The path of an existing regular file or folder; it is not opened.

    Raises:
        InputError: there is none, it is a pipe, a device or a socket, it cannot be looked up, or its name is not text.
    """
    try:
        path = Path(name).expanduser().resolve()
        found = path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"source {name!r} cannot be opened: {error}") from error
    if not found:
        raise InputError(f"source {path} does not exist: name {expected}")
    refuse_special(path, "source")
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise InputError(f"source {path} has a name that is not in UTF-8, and a run must record it") from None
    return path
