"""Generate examples with a run.

    python -m tools.sample saved_models/dcgan/RUN --count 64 --out samples.png

The ending of --out chooses the form: .png a grid, .gif an interpolation between latents, .npy the array in
[0, 1]; a folder, or a name without an ending, gets one PNG file an example. Files say that they were generated,
by which model, with which seed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tyro

from aigc_tf.command_line import command
from aigc_tf.errors import InputError


def sample(
    run: Annotated[Path, tyro.conf.Positional],
    count: int = 64,
    seed: int = 0,
    out: Path | None = None,
    checkpoint: Literal["last", "best"] = "last",
) -> None:
    """Generate examples with a run.

    Args:
        run: The run's folder.
        count: How many examples; for a .gif, how many frames.
        seed: The same seed gives the same examples.
        out: A .png (grid), .gif (interpolation) or .npy file, or a folder for single PNG files.
            In the run's folder if not given.
        checkpoint: The last one, or the best seen while training.
    """
    if count < 1:
        raise InputError(f"--count is {count}: give at least 1")
    if out is not None and out.suffix not in ("", ".png", ".gif", ".npy"):
        raise InputError(f"--out ends in {out.suffix}: choose .png, .gif or .npy, or a folder")

    import numpy as np

    from aigc_tf.pictures import enlargement, grid, write_gif, write_png
    from aigc_tf.run import Run

    opened = Run.open(run, checkpoint)
    out = out or run / f"samples-seed{seed}.png"
    made_by = opened.made_by(seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".gif":
        if count < 3:
            raise InputError(f"--count is {count}: an animation needs at least 3 frames")
        frames = opened.model.interpolate(count, seed)[0]
        write_gif(out, frames, made_by, scale=enlargement(frames))
    elif out.suffix == ".npy":
        np.save(out, opened.generate(count, seed), allow_pickle=False)
    elif out.suffix == ".png":
        images = opened.generate(count, seed)
        write_png(out, grid(images), made_by, scale=enlargement(images))
    else:
        out.mkdir(exist_ok=True)
        for index, image in enumerate(opened.generate(count, seed)):
            write_png(out / f"{index:05d}.png", image, made_by)
    print(out)


if __name__ == "__main__":
    command(sample)
