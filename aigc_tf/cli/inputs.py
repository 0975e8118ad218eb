"""Inputs of the commands that process files, folders, or texts one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from aigc_tf.errors import InputError
from aigc_tf.families.tasks import AT_ONCE
from aigc_tf.modalities.base import Modality


def batches(takes: Modality, paths: Sequence[Path], texts: Sequence[str]) -> Iterator[tuple[list[str], Any]]:
    """Names and values, in batches that suit a model; see `Modality.read_all` for unreadable files.

    Raises:
        InputError: there are texts for a model that takes none, or nothing can be read.
    """
    if texts:
        if not takes.is_printed:
            raise InputError(f"--text is for models that take text, and this one takes {takes.name}: name files")
        yield list(texts), takes.parse(texts)
        return
    for files, values in takes.read_all(takes.find(paths), AT_ONCE):
        yield [str(file.path) for file in files], values
