"""What `tools.sample` does with a run of a model of images."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from aigc_tf.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from aigc_tf.run import Run

ENCODED = 1000  # test images that say how active the latent dimensions are
IN_A_ROW = 10  # on the way from one picture to another


@dataclass(frozen=True)
class Request:
    """What is to be shown."""

    run: Run
    count: int
    seed: int
    paths: tuple[Path, ...]
    """The user's pictures."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """What to write."""

    images: np.ndarray
    """`[count, height, width, channels]` in [0, 1]."""
    columns: int | None = None
    """Of a grid; about as many as rows if None."""


def sample_pictures(
    run: Annotated[Path, tyro.conf.Positional],
    count: int = 64,
    seed: int = 0,
    out: Path | None = None,
    checkpoint: Literal["last", "best"] = "last",
    traverse: bool = False,
    map: bool = False,
    between: tuple[Path, Path] | None = None,
    nearest: Path | None = None,
) -> None:
    """Generate examples with a run.

    Args:
        run: The run's folder.
        count: How many examples; for a .gif, how many frames; for --traverse, how many dimensions at most.
        seed: The same seed gives the same examples.
        out: A .png (grid), .gif (interpolation) or .npy file, or a folder for single PNG files.
            In the run's folder if not given.
        checkpoint: The last one, or the best seen while training.
        traverse: Show what each latent dimension changes, one a row, the most active first.
        map: Show the plane of the two most active latent dimensions.
        between: Show the way from one picture to another.
        nearest: Show a picture and the training images nearest to it in latent space.
    """
    asked = {"traverse": traverse, "map": map, "between": between, "nearest": nearest}
    kind, *others = [name for name, value in asked.items() if value] or ["samples"]
    if others:
        raise InputError(f"--{kind} and --{others[0]} are different pictures: choose one")
    form = ".png" if out is None else out.suffix
    check(kind, form, count)

    from aigc_tf.run import Run

    opened = Run.open(run, checkpoint)
    request = Request(opened, count, seed, between or ((nearest,) if nearest else ()))
    out = out or run / (f"samples-seed{seed}.png" if kind == "samples" else f"{kind}.png")
    out.parent.mkdir(parents=True, exist_ok=True)
    made_by = opened.made_by(seed)
    if kind == "samples" and form in ("", ".npy"):
        write_batches(out, opened.model.generate_batches(count, seed), count, made_by)
    else:
        write(out, KINDS["interpolation" if (kind, form) == ("samples", ".gif") else kind](request), made_by)
    print(out)


def check(kind: str, form: str, count: int) -> None:
    """Raise InputError if pictures of this kind cannot be written in this form, or not so many."""
    if count < 1:
        raise InputError(f"--count is {count}: give at least 1")
    if form not in ("", ".png", ".gif", ".npy"):
        raise InputError(f"--out ends in {form}: choose .png, .gif or .npy, or a folder")
    if form != ".gif":
        return
    if kind not in ("samples", "between"):
        raise InputError(f"--{kind} cannot be a .gif: choose .png or .npy, or a folder")
    if count < 3:
        raise InputError(f"--count is {count}: an animation needs at least 3 frames")


def write(out: Path, pictures: Pictures, made_by: Mapping[str, str]) -> None:
    """Write pictures in the form that the ending of the file's name asks for."""
    from aigc_tf.pictures import enlargement, grid, write_gif, write_png

    images = pictures.images
    if out.suffix == ".gif":
        write_gif(out, images, made_by, scale=enlargement(images))
    elif out.suffix == ".png":
        write_png(out, grid(images, pictures.columns), made_by, scale=enlargement(images))
    else:
        write_batches(out, [images], len(images), made_by)


def write_batches(out: Path, batches: Iterable[np.ndarray], count: int, made_by: Mapping[str, str]) -> None:
    """Write images, in all `count`, as an array or as single files, each batch before the next one is made."""
    import numpy as np

    from aigc_tf.pictures import write_png

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


def samples(request: Request) -> Pictures:
    """New examples."""
    return Pictures(request.run.generate(request.count, request.seed))


def interpolation(request: Request) -> Pictures:
    """The way between two draws from the prior."""
    return Pictures(request.run.model.interpolate(request.count, request.seed)[0])


def traversals(request: Request) -> Pictures:
    """What each latent dimension changes."""
    from aigc_tf import latent_space

    dimensions = active_dimensions(request.run, request.count)
    return in_rows(latent_space.traversals(request.run.model, dimensions))


def latent_map(request: Request) -> Pictures:
    """The plane of the two most active latent dimensions."""
    from aigc_tf.latent_space import plane

    dimensions = active_dimensions(request.run, 2)
    if len(dimensions) < 2:
        raise InputError("the run has one latent dimension: choose --traverse instead of --map")
    across, upwards = sorted(dimensions)
    return in_rows(plane(request.run.model, across, upwards, side=math.isqrt(request.count)))


def between_pictures(request: Request) -> Pictures:
    """The way from one of the user's pictures to another."""
    from aigc_tf.latent_space import between
    from tools.autoencoders import require
    from tools.picture_files import read_picture

    model = require(request.run.model, "encode")
    first, second = (read_picture(path, model.recipe.images) for path in request.paths)
    return Pictures(between(model, first, second, request.count), columns=min(request.count, IN_A_ROW))


def nearest_pictures(request: Request) -> Pictures:
    """One of the user's pictures, and the training images nearest to it in latent space."""
    import numpy as np

    from aigc_tf.metrics.neighbours import nearest_in_latent_space
    from tools.autoencoders import require
    from tools.picture_files import read_picture

    model = require(request.run.model, "encode")
    (path,) = request.paths
    query = read_picture(path, model.recipe.images)[None]
    searched = request.run.source.train.images
    (indices,) = nearest_in_latent_space(model, query, searched, min(request.count, len(searched))).indices
    return Pictures(np.concatenate([query, searched[indices]]) / np.float32(255))


KINDS = {
    "samples": samples,
    "interpolation": interpolation,
    "traverse": traversals,
    "map": latent_map,
    "between": between_pictures,
    "nearest": nearest_pictures,
}


def active_dimensions(run: Run, count: int) -> np.ndarray:
    """Up to `count` latent dimensions, the most active first."""
    from aigc_tf.latent_space import most_active
    from tools.autoencoders import require

    return most_active(require(run.model, "activity").activity(run.source.test.some(ENCODED).images), count)


def in_rows(images: np.ndarray) -> Pictures:
    """Images `[rows, columns, height, width, channels]`."""
    return Pictures(images.reshape(-1, *images.shape[2:]), columns=images.shape[1])
