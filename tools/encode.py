"""Find the latent vectors of pictures.

    python -m tools.encode saved_models/conv_vae/RUN photos --out latents.npz

Pictures are cropped and resized to the run's size as for training. The file holds what the encoder says, float32
`[count, latent_dim]` (`latent`; of a variational autoencoder `mean` and `log_variance`), and `names`, the files in
the same order. It reads back with `numpy.load(path, allow_pickle=False)`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from aigc_tf.cli.command import command
from aigc_tf.errors import InputError


def encode(
    run: Annotated[Path, tyro.conf.Positional],
    paths: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    out: Path,
    checkpoint: Literal["last", "best"] = "last",
) -> None:
    """Find the latent vectors of pictures.

    Args:
        run: The run's folder.
        paths: Picture files, and folders of them.
        out: The .npz file to write.
        checkpoint: The last one, or the best seen while training.
    """
    if out.suffix != ".npz":
        raise InputError(f"--out is {out}: choose a name that ends in .npz")
    if out.exists():
        raise InputError(f"{out} is there already: choose another --out")

    import numpy as np

    from aigc_tf.runs.run import Run
    from tools.autoencoders import require
    from tools.picture_files import find_files, read_pictures

    opened = Run.open(run, checkpoint)
    files = find_files(paths)
    model = require(opened.model, "encodings")
    names, batches = [], []
    for readable, images in read_pictures(files, model.recipe.images):
        names += [str(file.path) for file in readable]
        batches.append(model.encodings(images))
    arrays: dict[str, Any] = {key: np.concatenate([batch[key] for batch in batches]) for key in batches[0]}
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(out, names=np.array(names), **arrays)
    print(out)


if __name__ == "__main__":
    command(encode)
