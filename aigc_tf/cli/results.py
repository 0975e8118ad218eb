"""Where results go: to a file, a folder, or the screen."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.cli.checks import require_ending
from aigc_tf.errors import InputError
from aigc_tf.modalities.base import Modality, Preview
from aigc_tf.modalities.drawing import enlargement, write_png
from aigc_tf.modalities.origin import keep_beside
from aigc_tf.storage.files import write_atomically, write_text

WANTED_WIDTH = 192  # pixels of a preview: smaller pictures are enlarged


def destination(modality: Modality, out: Path | None, default: Path, count: int) -> Path | None:
    """Where values go; None for the screen.

    Args:
        modality: of the values.
        out: the requested path.
        default: where files go by default, without an extension.
        count: number of values.

    Raises:
        InputError: the modality cannot be written in that format.
    """
    if out is None:
        return None if modality.is_printed else default.with_name(default.name + modality.writes[0])
    if not modality.is_printed:
        require_ending(out, modality.writes)
    if out.suffix in modality.moving and count < 3:
        raise InputError(f"--count is {count}: an animation needs at least 3 frames")
    return out


def deliver(
    modality: Modality,
    out: Path | None,
    batches: Iterable[Any],
    count: int,
    made_by: Mapping[str, str],
    columns: int | None = None,
) -> None:
    """Write or print `count` values that come in batches, and report where they are."""
    batches = map(finite, batches)
    first = next(batches)  # errors are raised before anything is written
    batches = itertools.chain([first], batches)
    if out is None:
        print(modality.show(modality.stack([value for batch in batches for value in batch]), columns))
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    modality.write_batches(out, batches, count, made_by, columns)
    print(out)


def finite(values: Any) -> Any:
    """The values of a batch.

    Raises:
        InputError: not all of its numbers are finite.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError("the model outputs numbers that are not finite: it has diverged, choose another checkpoint")
    return values


def write_preview(path: Path, preview: Preview, made_by: Mapping[str, str]) -> None:
    """Write a preview: text as it is, a picture as PNG, enlarged if it is small."""
    if isinstance(preview, str):
        write_text(path, preview + "\n")
        keep_beside([path], made_by)
    else:
        scale = enlargement(np.asarray(preview), WANTED_WIDTH)
        write_atomically(path, partial(write_png, image=preview, made_by=made_by, scale=scale))
