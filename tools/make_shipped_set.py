"""Write the small set that ships with the package: the first 10,000 training images of Fashion-MNIST.

    python -m tools.make_shipped_set [FOLDER]

FOLDER holds the four files of Fashion-MNIST; without it, Keras's cache and Debian's package
dataset-fashion-mnist are looked at. The same images give the same bytes (with the same zlib).
Licence and attribution: aigc_tf/data/images/shipped/LICENSE.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from aigc_tf.data.images.fashion_mnist import FILES, SHIPPED_FILE, local_folders, read_split
from aigc_tf.errors import InputError

COUNT = 10_000


def write(folder: Path, path: Path) -> None:
    """Writes the first training images and labels in `folder` to the .npz file `path`."""
    images, labels = read_split(folder, "train")
    np.savez_compressed(path, images=images[:COUNT], labels=labels[:COUNT].astype(np.uint8))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Write the Fashion-MNIST images that ship with the package.")
    parser.add_argument("folder", nargs="?", type=Path, help="holds the four files of Fashion-MNIST")
    folder = parser.parse_args().folder
    folders = [folder] if folder else local_folders()
    found = next((place for place in folders if (place / FILES["train"][0]).is_file()), None)
    if found is None:
        sys.exit(f"no {FILES['train'][0]} in {' or '.join(str(place) for place in folders)}: name its folder")
    try:
        write(found, SHIPPED_FILE)
    except InputError as error:
        sys.exit(str(error))
    print(f"{SHIPPED_FILE}: {COUNT:,} images, {SHIPPED_FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
