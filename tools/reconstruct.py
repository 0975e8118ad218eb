"""Give pictures to an autoencoder, and keep what it makes of them; a denoiser cleans them.

    python -m tools.reconstruct saved_models/denoising_autoencoder/RUN photos --out cleaned
    python -m tools.reconstruct saved_models/conv_vae/RUN a.png b.jpg --out reconstructed --side-by-side

Pictures are cropped and resized to the run's size as for training, and taken as they are: nothing is added to the
inputs of a denoiser. The results are PNG files with the names of the inputs, a folder's sub-folders included; a second
picture of the same name becomes NAME-2.png. Files that are there already are never overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from aigc_tf.cli.command import command
from aigc_tf.errors import InputError

if TYPE_CHECKING:
    from tools.picture_files import PictureFile


def reconstruct(
    run: Annotated[Path, tyro.conf.Positional],
    paths: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    out: Path,
    side_by_side: bool = False,
    checkpoint: Literal["last", "best"] = "last",
) -> None:
    """Give pictures to an autoencoder, and keep what it makes of them.

    Args:
        run: The run's folder.
        paths: Picture files, and folders of them.
        out: The folder for the results.
        side_by_side: Show input, output and their difference (black: none) in one picture.
        checkpoint: The last one, or the best seen while training.
    """
    import numpy as np

    from aigc_tf.families.autoencoder.model import as_brightness
    from aigc_tf.modalities.drawing import enlargement, grid, write_png
    from aigc_tf.runs.run import Run
    from tools.autoencoders import require
    from tools.picture_files import find_files, read_pictures

    opened = Run.open(run, checkpoint)
    files = find_files(paths)
    targets = dict(zip(files, output_paths(files, out), strict=True))
    model = require(opened.model, "reconstruct")
    for readable, images in read_pictures(files, model.recipe.images):
        outputs = model.reconstruct(images)
        inputs = as_brightness(images)
        for file, triple in zip(readable, np.stack([inputs, outputs, np.abs(outputs - inputs)], axis=1), strict=True):
            targets[file].parent.mkdir(parents=True, exist_ok=True)
            if side_by_side:
                write_png(targets[file], grid(triple, columns=3), opened.made_by(), scale=enlargement(triple))
            else:
                write_png(targets[file], triple[1], opened.made_by())
    print(out)


def output_paths(files: Sequence[PictureFile], out: Path) -> list[Path]:
    """Where each result goes: below `out`, with the picture's name, and a number where that is taken.

    Raises:
        InputError: one of them is there already.
    """
    taken: set[str] = set()
    paths = []
    for file in files:
        name, number = file.name.with_suffix(".png"), 1
        # Some file systems do not tell capitals apart.
        while str(name).casefold() in taken:
            number += 1
            name = file.name.with_name(f"{file.name.stem}-{number}.png")
        taken.add(str(name).casefold())
        paths.append(out / name)
    there = [path for path in paths if path.exists()]
    if there:
        others = f", and so are {len(there) - 1} other results" if len(there) > 1 else ""
        raise InputError(f"{there[0]} is there already{others}: choose another --out")
    return paths


if __name__ == "__main__":
    command(reconstruct)
