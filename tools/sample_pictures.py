"""What `tools.sample` does with a run of a model of images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from aigc_tf.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from aigc_tf.runs.run import Run

ENCODED = 1000  # test images that say how active the latent dimensions are
IN_A_ROW = 10  # on the way from one picture to another
MOVED = 9  # pictures along a direction, in one row
LATENT = "latent vector"
DRAWN = ("samples", "interpolate", "direction")  # what begins with draws from the prior


@dataclass(frozen=True)
class Request:
    """What is to be shown."""

    run: Run
    count: int
    seed: int
    paths: tuple[Path, ...]
    """The user's pictures."""
    truncation: float | None = None
    """Of the normal numbers that are drawn."""
    linear: bool = False
    """The way of an interpolation."""
    direction: int = 0
    """Position among the directions, the strongest first."""
    range: tuple[float, float] = (-3.0, 3.0)
    """How far to move along it."""
    labels: tuple[str, ...] = ()
    """The classes that are asked for, by name or number."""


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
    truncation: float | None = None,
    interpolate: bool = False,
    linear: bool = False,
    direction: int | None = None,
    range: tuple[float, float] | None = None,
    traverse: bool = False,
    map: bool = False,
    between: tuple[Path, Path] | None = None,
    nearest: Path | None = None,
    labels: tuple[str, ...] = (),
) -> None:
    """Generate examples with a run.

    Args:
        run: The run's folder.
        count: How many pictures; for a .gif, how many frames; for --traverse, how many dimensions at most.
        seed: The same seed gives the same examples.
        out: A .png (grid), .gif (interpolation) or .npy file, or a folder for single PNG files.
            In the run's folder if not given.
        checkpoint: The last one, or the best seen while training.
        truncation: Draw latents whose numbers are at most this far from 0, in standard deviations: pictures become
            more typical and less varied.
        interpolate: Show the way from one latent to another. It keeps the length that latents have.
        linear: Interpolate along the straight line instead.
        direction: Show what moving along a direction changes in some pictures, one a row. 0 is the direction that
            moves the network's first layer most, 1 the next.
        range: From where to where --direction moves, in standard deviations. -3 to 3 if not given.
        traverse: Show what each latent dimension changes, one a row, the most active first.
        map: Show the plane of the two most active latent dimensions.
        between: Show the way from one picture to another.
        nearest: Show a picture and the training images nearest to it in latent space.
        labels: Classes, by name or number, of a model that knows classes; all of them if not given. Each has a row,
            and --count is rounded to full rows. --interpolate, --direction and a .gif show one class, the first if
            not given.
    """
    asked = {
        "interpolate": interpolate,
        "direction": direction is not None,
        "traverse": traverse,
        "map": map,
        "between": between,
        "nearest": nearest,
    }
    kind, *others = [name for name, value in asked.items() if value] or ["samples"]
    if others:
        raise InputError(f"--{kind} and --{others[0]} are different pictures: choose one")
    form = ".png" if out is None else out.suffix
    if labels and kind not in DRAWN:
        raise InputError(f"--{kind} draws nothing new: leave --labels out")
    if len(labels) > 1 and (kind != "samples" or form == ".gif"):
        shown = form if kind == "samples" else f"--{kind}"
        raise InputError(f"--labels names {len(labels)} classes: give one with {shown}")
    check(kind, form, count)
    if (kind, form) == ("samples", ".gif"):
        kind = "interpolate"
    check_options(kind, truncation, linear, range)

    from aigc_tf.runs.run import Run
    from tools.picture_writing import write, write_batches

    opened = Run.open(run, checkpoint)
    paths = between or ((nearest,) if nearest else ())
    request = Request(opened, count, seed, paths, truncation, linear, direction or 0, range or Request.range, labels)
    out = out or run / (f"samples-seed{seed}.png" if kind == "samples" else f"{kind}.png")
    out.parent.mkdir(parents=True, exist_ok=True)
    made_by = opened.made_by(seed)
    if kind == "samples" and form in ("", ".npy"):
        total, _, options = new_examples(request)
        write_batches(out, opened.model.generate_batches(total, seed, **options), total, made_by)
    else:
        pictures = KINDS[kind](request)
        write(out, pictures.images, pictures.columns, made_by)
    print(out)


def check(kind: str, form: str, count: int) -> None:
    """Raise InputError if pictures of this kind cannot be written in this form, or not so many."""
    if count < 1:
        raise InputError(f"--count is {count}: give at least 1")
    if form not in ("", ".png", ".gif", ".npy"):
        raise InputError(f"--out ends in {form}: choose .png, .gif or .npy, or a folder")
    if form != ".gif":
        return
    if kind not in ("samples", "interpolate", "between"):
        raise InputError(f"--{kind} cannot be a .gif: choose .png or .npy, or a folder")
    if count < 3:
        raise InputError(f"--count is {count}: an animation needs at least 3 frames")


def check_options(kind: str, truncation: float | None, linear: bool, range: tuple[float, float] | None) -> None:
    """Raise InputError if an option does not belong to pictures of this kind, or cannot be used."""
    from aigc_tf.families.latent_space import LEAST_TRUNCATION

    if truncation is not None and kind not in DRAWN:
        raise InputError(f"--{kind} draws no latents: leave --truncation out")
    if truncation is not None and not truncation >= LEAST_TRUNCATION:
        raise InputError(f"--truncation is {truncation:g}: give at least {LEAST_TRUNCATION:g}")
    if linear and kind != "interpolate":
        raise InputError("--linear is a way to interpolate: give --interpolate, too")
    if range is not None and kind != "direction":
        raise InputError("--range says how far to move along a direction: give --direction, too")
    if range is not None and not all(math.isfinite(value) for value in range):
        raise InputError(f"--range is {range[0]:g} {range[1]:g}: give two finite numbers")


def samples(request: Request) -> Pictures:
    """New examples; a row for each class if the model knows classes."""
    count, columns, options = new_examples(request)
    return Pictures(request.run.generate(count, request.seed, **options), columns)


def new_examples(request: Request) -> tuple[int, int | None, dict[str, Any]]:
    """How many new examples are asked for, in how many columns, and with what options of `generate`."""
    import numpy as np

    from tools.autoencoders import require

    model = request.run.model
    options: dict[str, Any] = {}
    if request.truncation is not None:
        require(model, "latents", LATENT)
        options["truncation"] = request.truncation
    rows = chosen_classes(request)
    if rows is None:
        return request.count, None, options
    columns = max(1, round(request.count / len(rows)))
    return len(rows) * columns, columns, options | {"labels": np.repeat(rows, columns)}


def chosen_classes(request: Request) -> np.ndarray | None:
    """The numbers of the classes that are asked for, or else of all; None if the model knows no classes."""
    model = request.run.model
    if hasattr(model, "classes"):
        return model.classes.numbers(request.labels or model.classes.names)
    if request.labels:
        raise InputError(f"{request.run.path} knows no classes: leave --labels out")
    return None


def model_of_one_class(request: Request, method: str) -> Any:
    """The model, which is required to have a method, set to draw the class that is asked for."""
    from tools.autoencoders import require

    model = require(request.run.model, method, LATENT)
    classes = chosen_classes(request)
    if classes is not None:
        model.default_class = classes[0]
    return model


def interpolation(request: Request) -> Pictures:
    """The way between two draws from the prior."""
    from aigc_tf.families.latent_space import linear, spherical

    model = model_of_one_class(request, "interpolate")
    way = linear if request.linear else spherical
    images = model.interpolate(request.count, request.seed, way=way, truncation=request.truncation)
    return Pictures(images[0], columns=min(request.count, IN_A_ROW))


def moved(request: Request) -> Pictures:
    """Draws from the prior, moved along one of the directions that change the first layer most."""
    import numpy as np

    from aigc_tf.export.graph import first_kernel
    from aigc_tf.families.latent_space import along, factorised, standard_normal

    model = model_of_one_class(request, "from_normal")
    signatures = model.signatures()
    kernel = first_kernel((signatures.get("generate") or signatures["decode"]).network, "latent")
    if kernel is None:
        raise InputError(f"in a {model.name} no dense layer reads the latent: its directions are not known")
    prior = model.prior()
    directions, _ = factorised(kernel, None if prior is None else prior[1])
    if not 0 <= request.direction < len(directions):
        raise InputError(f"--direction is {request.direction}: the run has directions from 0 to {len(directions) - 1}")
    rows = max(1, request.count // MOVED)
    starts = standard_normal((rows, model.latent_dim), request.seed, request.truncation)
    return in_rows(along(model, starts, directions[request.direction], np.linspace(*request.range, MOVED)))


def traversals(request: Request) -> Pictures:
    """What each latent dimension changes."""
    from aigc_tf.families import latent_space

    dimensions = active_dimensions(request.run, request.count)
    return in_rows(latent_space.traversals(request.run.model, dimensions))


def latent_map(request: Request) -> Pictures:
    """The plane of the two most active latent dimensions."""
    from aigc_tf.families.latent_space import plane

    dimensions = active_dimensions(request.run, 2)
    if len(dimensions) < 2:
        raise InputError("the run has one latent dimension: choose --traverse instead of --map")
    across, upwards = sorted(dimensions)
    return in_rows(plane(request.run.model, across, upwards, side=math.isqrt(request.count)))


def between_pictures(request: Request) -> Pictures:
    """The way from one of the user's pictures to another."""
    from aigc_tf.families.latent_space import between
    from tools.autoencoders import require
    from tools.picture_files import read_picture

    model = require(request.run.model, "encode")
    first, second = (read_picture(path, model.recipe.images) for path in request.paths)
    return Pictures(between(model, first, second, request.count), columns=min(request.count, IN_A_ROW))


def nearest_pictures(request: Request) -> Pictures:
    """One of the user's pictures, and the training images nearest to it in latent space."""
    import numpy as np

    from aigc_tf.metrics.images.neighbours import nearest_in_latent_space
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
    "interpolate": interpolation,
    "direction": moved,
    "traverse": traversals,
    "map": latent_map,
    "between": between_pictures,
    "nearest": nearest_pictures,
}


def active_dimensions(run: Run, count: int) -> np.ndarray:
    """Up to `count` latent dimensions, the most active first."""
    from aigc_tf.families.latent_space import most_active
    from tools.autoencoders import require

    return most_active(require(run.model, "activity").activity(run.source.test.some(ENCODED).images), count)


def in_rows(images: np.ndarray) -> Pictures:
    """Images `[rows, columns, height, width, channels]`."""
    return Pictures(images.reshape(-1, *images.shape[2:]), columns=images.shape[1])
