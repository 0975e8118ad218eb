"""Exploring a latent space: interpolations, traversals, maps of a plane, semantic directions."""

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
"""Range of traversals on either side of the mean."""

NORMAL_BATCH = 500
"""Rows of normal noise drawn at once."""


def normal_batches(count: int, size: int, seed: int, truncation: float | None = None) -> Iterator[np.ndarray]:
    """The rows of `standard_normal`, `[at most NORMAL_BATCH, size]` at a time, for more than fit in memory."""
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
    """Standard normal noise, float32.

    It is drawn by NumPy, so that a phone or a script without TensorFlow can generate the same pictures.

    Args:
        shape: of the array.
        seed: the same seed gives the same numbers.
        truncation: values further than this from 0 are redrawn, as in the truncation trick (Brock et al. 2019, §3.1):
            pictures become more typical and less diverse. None for no truncation.

    Raises:
        ValueError: `truncation` is below 0.01.
    """
    return np.concatenate([np.zeros((0, shape[1]), np.float32), *normal_batches(*shape, seed, truncation)])


Way = Callable[[np.ndarray, np.ndarray, float], np.ndarray]
"""`(start, end, t)`: interpolated vectors `[..., dim]` at `t` in [0, 1] between start and end."""


def linear(start: np.ndarray, end: np.ndarray, t: float) -> np.ndarray:
    """Linear interpolation of vectors `[..., dim]`; `t` in [0, 1]."""
    return (1 - t) * start + t * end


def spherical(start: np.ndarray, end: np.ndarray, t: float) -> np.ndarray:
    """Spherical linear interpolation of vectors `[..., dim]` (Shoemake 1985); `t` in [0, 1].

    Between samples of a normal prior, it keeps the norm typical of the prior throughout (White 2016).
    """
    norms = np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1)
    # Parallel and zero vectors have no arc between them: the limit is linear interpolation.
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = np.arccos(np.clip((start * end).sum(-1) / norms, -1, 1))[..., None]
        sine = np.sin(angle)
        arc = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / sine
    return np.where(sine > 1e-6, arc, linear(start, end, t)).astype(start.dtype)


def interpolation(
    model: Decodes, start: np.ndarray, end: np.ndarray, frames: int, way: Way, condition: Any = None
) -> np.ndarray:
    """Images interpolated between latents.

    Args:
        model: decodes.
        start: float32 `[rows, latent_dim]`.
        end: of the same shape.
        frames: images in a row, including both ends.
        way: `linear` or `spherical`.
        condition: one for all images, if the model takes one.

    Returns:
        float32 `[rows, frames, height, width, channels]` in [0, 1].
    """
    return _decoded(model, np.stack([way(start, end, t) for t in np.linspace(0, 1, frames)], axis=1), condition)


def between(model: Any, first: np.ndarray, second: np.ndarray, frames: int, condition: Any = None) -> np.ndarray:
    """Images interpolated linearly between the encodings of two images.

    Linearly, because encodings, unlike samples of a normal prior, do not have a common norm.

    Args:
        model: encodes and decodes.
        first: `[height, width, channels]`, uint8 or in [0, 1].
        second: of the same shape and type.
        frames: images, including the reconstructions of both.
        condition: one for all images, if the model takes one.

    Returns:
        float32 `[frames, height, width, channels]` in [0, 1].
    """
    start, end = model.encode(np.stack([first, second]))
    return interpolation(model, start[None], end[None], frames, linear, condition)[0]


def traversals(
    model: Decodes, dimensions: Sequence[int] | np.ndarray, columns: int = 9, condition: Any = None
) -> np.ndarray:
    """Traversals of some latent dimensions, with all others at their means.

    Args:
        model: decodes.
        dimensions: indices in [0, latent_dim), one per row.
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

    The values are evenly spaced quantiles of the normal distribution.

    Args:
        model: decodes.
        across: the dimension that increases from left to right.
        upwards: the one that increases from bottom to top.
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
    """Semantic directions of the noise behind a latent, by closed-form factorisation of a dense layer (SeFa).

    They are the eigenvectors of AᵀA, where the layer computes Ax + b (Shen & Zhou 2021, "Closed-Form Factorization of
    Latent Semantics in GANs"); the largest first, with signs that make the largest component positive.

    Args:
        kernel: of the layer that reads the latent, `[latent_dim, units]`, the transpose of A.
        factor: of the latent's prior, a matrix or its diagonal; None for the standard normal one.

    Returns:
        The directions, orthonormal, float64 `[count, latent_dim]`, and the change of the layer's output for a unit step
        along each, `[count]`: the square roots of the eigenvalues. `count` is the number of latent dimensions or of
        units, whichever is smaller.
    """
    change = kernel.astype(np.float64)  # derivative of the layer's output by each number
    if factor is not None:
        change = factor.T @ change if factor.ndim == 2 else factor[:, None] * change
    columns, strengths, _ = np.linalg.svd(change, full_matrices=False)
    directions = columns.T
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1, keepdims=True), axis=1)
    return directions * np.sign(largest), strengths


def along(
    model: Decodes, starts: np.ndarray, direction: np.ndarray, values: np.ndarray, condition: Any = None
) -> np.ndarray:
    """Move some pictures along a direction.

    Args:
        model: decodes noise from its prior.
        starts: standard normal noise `[rows, latent_dim]`, one picture each.
        direction: `[latent_dim]`.
        values: `[columns]`, factors on the direction.
        condition: one for all pictures, if the model takes one.

    Returns:
        float32 `[rows, columns, height, width, channels]` in [0, 1].
    """
    return _decoded(model, model.from_normal(starts[:, None] + values[:, None] * direction), condition)


class AttributeFound(NamedTuple):
    """A direction in latent space for an attribute that some latents have and others lack."""

    direction: np.ndarray
    """float32 `[latent_dim]`, from the mean of the latents that lack it to the mean of those that have it."""
    told: int
    """How many latents are nearer to their own kind's mean, computed without themselves (leave-one-out)."""


def attribute_of(having: np.ndarray, lacking: np.ndarray) -> AttributeFound:
    """The difference of the means of latents (Larsen et al. 2016, §4.2).

    It needs few examples; a fitted separating hyperplane would have too many degrees of freedom for them.

    Args:
        having: float32 `[count, latent_dim]`.
        lacking: the same, any number of them.

    Raises:
        InputError: there are fewer than two of one kind.
    """
    if min(len(having), len(lacking)) < 2:
        raise InputError(
            f"{len(having)} pictures have the attribute and {len(lacking)} lack it: mark at least two of each"
        )
    means = having.mean(axis=0), lacking.mean(axis=0)
    told = 0
    for kind, (own, other) in ((having, means), (lacking, means[::-1])):
        others = (own * len(kind) - kind) / (len(kind) - 1)  # leave-one-out means
        told += int((np.linalg.norm(kind - others, axis=1) < np.linalg.norm(kind - other, axis=1)).sum())
    return AttributeFound(means[0] - means[1], told)


def most_active(activity: np.ndarray, count: int) -> np.ndarray:
    """Up to `count` latent dimensions, those with the largest `activity` `[latent_dim]` first."""
    return np.argsort(-activity, kind="stable")[:count]


def _decoded(model: Decodes, latents: np.ndarray, condition: Any = None) -> np.ndarray:
    """`[rows, columns, latent_dim]` -> `[rows, columns, ...]`; non-arrays, such as text, become objects."""
    values = model.decode(latents.reshape(-1, latents.shape[-1]).astype("float32"), condition)
    if not isinstance(values, np.ndarray):
        listed, values = values, np.empty(len(values), object)
        for place, value in enumerate(listed):
            values[place] = value
    return values.reshape(*latents.shape[:2], *values.shape[1:])
