"""Writes generated pictures: as a grid, an animation, an array or single files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from aigc_tf.modalities.drawing import enlargement, grid, write_gif, write_png
from aigc_tf.storage.files import write_atomically


def write(out: Path, images: np.ndarray, columns: int | None, made_by: Mapping[str, str]) -> None:
    """Write images in the form that the ending of the file's name asks for.

    Args:
        out: a .png (one grid), .gif or .npy file, or a folder for single PNG files.
        images: `[count, height, width, channels]` in [0, 1].
        columns: of the grid; about as many as rows if None.
        made_by: what the files say of their origin.
    """
    if out.suffix == ".gif":
        write_gif(out, images, made_by, scale=enlargement(images))
    elif out.suffix == ".png":
        sheet = grid(images, columns)
        write_atomically(out, partial(write_png, image=sheet, made_by=made_by, scale=enlargement(images)))
    else:
        write_batches(out, [images], len(images), made_by)


def write_batches(out: Path, batches: Iterable[np.ndarray], count: int, made_by: Mapping[str, str]) -> None:
    """Write images, in all `count`, as an array or as single files, each batch before the next one is made."""
    if out.suffix == ".npy":
        with out.open("wb") as file:
            for index, batch in enumerate(batches):
                if index == 0:
                    shape = (count, *batch.shape[1:])
                    header = {"descr": batch.dtype.str, "fortran_order": False, "shape": shape}
                    np.lib.format.write_array_header_1_0(file, header)
                file.write(np.ascontiguousarray(batch).data)
        return
    out.mkdir(exist_ok=True)
    for index, image in enumerate(image for batch in batches for image in batch):
        write_png(out / f"{index:05d}.png", image, made_by)
