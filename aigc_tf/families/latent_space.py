"""Ways through a latent space, mostly as images: interpolations, traversals, the map of a plane, directions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.recipes.options import MIN_TRUNCATION

if TYPE_CHECKING:
    from aigc_tf.families.tasks import Decodes

REACH_DEVIATIONS = 3.0
"""Traversals go so far to either side of the mean."""

NORMAL_BATCH = 500
"""Rows of normal numbers drawn at once."""


def normal_batches(count: int, size: int, seed: int, truncation: float | None = None) -> Iterator[np.ndarray]:
    """The rows of `standard_normal`, `[at most NORMAL_BATCH, size]` at a time: for more than fit in memory."""
    if truncation is not None and not truncation >= MIN_TRUNCATION:
        raise ValueError(f"truncation is {truncation:g}: expected at least {MIN_TRUNCATION:g}")
    random, again = np.random.default_rng(seed), np.random.default_rng((seed, 1))
    for start in range(0, count, NORMAL_BATCH):
        normal = random.standard_normal((min(NORMAL_BATCH, count - start), size), dtype=np.float32)
        if truncation is not None:
            while (beyond := np.abs(normal) > truncation).any():
                normal[beyond] = again.standard_normal(beyond.sum(), dtype=np.float32)
        yield normal


def standard_normal(shape: tuple[int, int], seed: int, truncation: float | None = None) -> np.ndarray:
    """Standard normal numbers, float32.

    NumPy draws them, so that a phone or a script without TensorFlow can make the same pictures.

    Args:
        shape: of the array.
        seed: the same seed gives the same numbers.
        truncation: numbers further than this from 0 are drawn again until none is left, as in the truncation trick
            (Brock et al. 2019, §3.1): the pictures become more typical and less varied. None draws once.

    Raises:
        ValueError: `truncation` is below 0.01.
    """
    return np.concatenate([np.zeros((0, shape[1]), np.float32), *normal_batches(*shape, seed, truncation)])


Way = Callable[[np.ndarray, np.ndarray, float], np.ndarray]
"""`(start, end, t)`: the vectors `[..., dim]` at `t` in [0, 1] on the way from start to end."""


def linear(start: np.ndarray, end: np.ndarray, t: float) -> np.ndarray:
    """The straight line between vectors `[..., dim]`; `t` in [0, 1]."""
    return (1 - t) * start + t * end


def spherical(start: np.ndarray, end: np.ndarray, t: float) -> np.ndarray:
    """Spherical linear interpolation of vectors `[..., dim]` (Shoemake 1985); `t` in [0, 1].

    Between draws from a normal prior it keeps the norm typical of the prior all the way (White 2016).
    """
    norms = np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1)
    # Parallel vectors, and those of no length, have no arc between them: there the straight line is the limit.
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = np.arccos(np.clip((start * end).sum(-1) / norms, -1, 1))[..., None]
        sine = np.sin(angle)
        arc = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / sine
    return np.where(sine > 1e-6, arc, linear(start, end, t)).astype(start.dtype)


def interpolation(
    model: Decodes, start: np.ndarray, end: np.ndarray, frames: int, way: Way, condition: Any = None
) -> np.ndarray:
    """Images on the way between latents.

    Args:
        model: decodes.
        start: float32 `[rows, latent_dim]`.
        end: of the same shape.
        frames: images in a row, both ends included.
        way: `linear` or `spherical`.
        condition: one for all images, if the model takes one.

    Returns:
        float32 `[rows, frames, height, width, channels]` in [0, 1].
    """
    return _decoded(model, np.stack([way(start, end, t) for t in np.linspace(0, 1, frames)], axis=1), condition)


def between(model: Any, first: np.ndarray, second: np.ndarray, frames: int, condition: Any = None) -> np.ndarray:
    """Images on the straight way between the encodings of two images.

    Straight, because encodings, unlike draws from a normal prior, do not all lie at one distance from the origin.

    Args:
        model: encodes and decodes.
        first: `[height, width, channels]`, uint8 or in [0, 1].
        second: of the same shape and type.
        frames: images, the reconstructions of both included.
        condition: one for all images, if the model takes one.

    Returns:
        float32 `[frames, height, width, channels]` in [0, 1].
    """
    start, end = model.encode(np.stack([first, second]))
    return interpolation(model, start[None], end[None], frames, linear, condition)[0]


def traversals(
    model: Decodes, dimensions: Sequence[int] | np.ndarray, columns: int = 9, condition: Any = None
) -> np.ndarray:
    """What each of some latent dimensions changes, all others at their means.

    Args:
        model: decodes.
        dimensions: positions in [0, latent_dim), one a row.
        columns: values, evenly spaced from -3 to 3 standard deviations around the mean.
        condition: one for all images, if the model takes one.

    Returns:
        float32 `[rows, columns, height, width, channels]` in [0, 1].
    """
    mean, deviation = model.latent_moments()
    values = np.linspace(-REACH_DEVIATIONS, REACH_DEVIATIONS, columns)
    latents = np.tile(mean, (len(dimensions), columns, 1))
    for row, dimension in enumerate(dimensions):
        latents[row, :, dimension] += deviation[dimension] * values
    return _decoded(model, latents, condition)


def plane(model: Decodes, across: int, upwards: int, side: int, condition: Any = None) -> np.ndarray:
    """A map of the plane of two latent dimensions (Kingma & Welling 2014, figure 4), all others at their means.

    Neighbours are equally likely steps apart: the values are evenly spaced quantiles of the normal distribution.

    Args:
        model: decodes.
        across: the dimension that grows from left to right.
        upwards: the one that grows from the bottom to the top.
        side: images in a row and in a column.
        condition: one for all images, if the model takes one.

    Returns:
        float32 `[side, side, height, width, channels]` in [0, 1], the top row first.
    """
    mean, deviation = model.latent_moments()
    quantiles = np.array([NormalDist().inv_cdf((place + 0.5) / side) for place in range(side)])
    latents = np.tile(mean, (side, side, 1))
    latents[:, :, across] += deviation[across] * quantiles
    latents[:, :, upwards] += deviation[upwards] * quantiles[::-1, None]
    return _decoded(model, latents, condition)


def factorised(kernel: np.ndarray, factor: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Directions of the normal numbers behind a latent, those first that move the output of a dense layer most.

    They are the eigenvectors of AᵀA, where the layer computes Ax + b (Shen & Zhou 2021, "Closed-Form Factorization of
    Latent Semantics in GANs"); each points to where its largest component is positive.

    Args:
        kernel: of the layer that reads the latent, `[latent_dim, units]`, the transpose of A.
        factor: of the latent's prior, a matrix or its diagonal; None for the standard normal one.

    Returns:
        The directions, orthonormal, float64 `[count, latent_dim]`, and how far the layer's output moves for a step of
        length 1 along each, `[count]`: the square roots of the eigenvalues. Their number is that of the latent
        dimensions or of the units, whichever is smaller.
    """
    change = kernel.astype(np.float64)  # of the layer's output by each of the numbers
    if factor is not None:
        change = factor.T @ change if factor.ndim == 2 else factor[:, None] * change
    columns, strengths, _ = np.linalg.svd(change, full_matrices=False)
    directions = columns.T
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1, keepdims=True), axis=1)
    return directions * np.sign(largest), strengths


def along(
    model: Decodes, starts: np.ndarray, direction: np.ndarray, values: np.ndarray, condition: Any = None
) -> np.ndarray:
    """What moving along a direction changes in some pictures.

    Args:
        model: draws and decodes.
        starts: standard normal numbers `[rows, latent_dim]`, one picture each.
        direction: `[latent_dim]`.
        values: `[columns]`, how far each picture is moved, in lengths of the direction.
        condition: one for all pictures, if the model takes one.

    Returns:
        float32 `[rows, columns, height, width, channels]` in [0, 1].
    """
    return _decoded(model, model.from_normal(starts[:, None] + values[:, None] * direction), condition)


class AttributeFound(NamedTuple):
    """What some latents have and others lack."""

    direction: np.ndarray
    """float32 `[latent_dim]`, from the mean of the latents that lack it to the mean of those that have it."""
    told: int
    """How many of the latents are nearer to the mean of their own kind, themselves left out of it."""


def attribute_of(having: np.ndarray, lacking: np.ndarray) -> AttributeFound:
    """The difference of the means of latents (Larsen et al. 2016, §4.2).

    It needs few examples: a fitted plane between both kinds would have more freedom than they can settle.

    Args:
        having: float32 `[count, latent_dim]`.
        lacking: the same, any number of them.

    Raises:
        InputError: there are fewer than two of one kind.
    """
    if min(len(having), len(lacking)) < 2:
        raise InputError(f"{len(having)} pictures have the attribute and {len(lacking)} lack it: mark two or more each")
    means = having.mean(axis=0), lacking.mean(axis=0)
    told = 0
    for kind, (own, other) in ((having, means), (lacking, means[::-1])):
        others = (own * len(kind) - kind) / (len(kind) - 1)  # the mean without each
        told += int((np.linalg.norm(kind - others, axis=1) < np.linalg.norm(kind - other, axis=1)).sum())
    return AttributeFound(means[0] - means[1], told)


def most_active(activity: np.ndarray, count: int) -> np.ndarray:
    """Up to `count` latent dimensions, those with the largest `activity` `[latent_dim]` first."""
    return np.argsort(-activity, kind="stable")[:count]


def _decoded(model: Decodes, latents: np.ndarray, condition: Any = None) -> np.ndarray:
    """`[rows, columns, latent_dim]` -> `[rows, columns, ...]`; what is not an array, such as text, becomes objects."""
    values = model.decode(latents.reshape(-1, latents.shape[-1]).astype("float32"), condition)
    if not isinstance(values, np.ndarray):
        listed, values = values, np.empty(len(values), object)
        for place, value in enumerate(listed):
            values[place] = value
    return values.reshape(*latents.shape[:2], *values.shape[1:])
