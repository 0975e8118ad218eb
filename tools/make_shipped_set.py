"""Write the small set that ships with the package: the first 10,000 training images of Fashion-MNIST.

    python -m tools.make_shipped_set [FOLDER]

FOLDER holds the four files of Fashion-MNIST; without it, Keras's cache and Debian's package
dataset-fashion-mnist are searched. The same images give the same bytes (with the same zlib).
Licence and attribution: aigc_tf/data/images/shipped/LICENSE.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import tyro

from aigc_tf.cli.command import command
from aigc_tf.errors import InputError

COUNT = 10_000


def write(folder: Path, path: Path) -> None:
    """Write the first training images and labels in `folder` to the .npz file `path`.

    Raises:
        InputError: the files are damaged, or contain too few images.
    """
    import numpy as np

    from aigc_tf.data.images.fashion_mnist import read_split
    from aigc_tf.storage.files import write_atomically

    images, labels = read_split(folder, "train")
    if len(images) < COUNT:
        raise InputError(f"{folder} holds {len(images):,} training images, and {COUNT:,} are needed: name another one")
    arrays = {"images": images[:COUNT], "labels": labels[:COUNT].astype(np.uint8)}
    write_atomically(path, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays))


def make_shipped_set(folder: Annotated[Path | None, tyro.conf.Positional] = None) -> None:
    """Write the Fashion-MNIST images that ship with the package.

    Args:
        folder: Folder with the four files of Fashion-MNIST; by default the usual places are searched.
    """
    from aigc_tf.data.images.fashion_mnist import FILES, SHIPPED_FILE, local_folders

    folders = [folder] if folder else local_folders()
    found = next((place for place in folders if (place / FILES["train"][0]).is_file()), None)
    if found is None:
        places = " or ".join(str(place) for place in folders)
        raise InputError(f"there is no {FILES['train'][0]} in {places}: name the folder that holds it")
    write(found, SHIPPED_FILE)
    print(f"{SHIPPED_FILE}: {COUNT:,} images, {SHIPPED_FILE.stat().st_size:,} bytes")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(make_shipped_set, arguments)


if __name__ == "__main__":
    main()
