"""Ways through a latent space, as pictures: interpolations, traversals, the map of a plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Protocol, runtime_checkable

import numpy as np

REACH_DEVIATIONS = 3.0
"""Traversals go so far to either side of the mean."""


class Decodes(Protocol):
    """A model that makes images of latents."""

    latent_dim: int

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Latents `[count, latent_dim]` -> float32 `[count, height, width, channels]` in [0, 1]."""

    def latent_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the prior in each dimension, float32 `[latent_dim]`."""


@runtime_checkable
class Encodes(Decodes, Protocol):
    """A model that also finds the latents of images."""

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Images `[count, height, width, channels]`, uint8 or in [0, 1] -> latents float32 `[count, latent_dim]`."""


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


def interpolation(model: Decodes, start: np.ndarray, end: np.ndarray, frames: int, way: Way) -> np.ndarray:
    """Images on the way between latents.

    Args:
        model: decodes.
        start: float32 `[rows, latent_dim]`.
        end: of the same shape.
        frames: images in a row, both ends included.
        way: `linear` or `spherical`.

    Returns:
        float32 `[rows, frames, height, width, channels]` in [0, 1].
    """
    return _decoded(model, np.stack([way(start, end, t) for t in np.linspace(0, 1, frames)], axis=1))


def between(model: Encodes, first: np.ndarray, second: np.ndarray, frames: int) -> np.ndarray:
    """Images on the straight way between the encodings of two images.

    Straight, because encodings, unlike draws from a normal prior, do not all lie at one distance from the origin.

    Args:
        model: encodes and decodes.
        first: `[height, width, channels]`, uint8 or in [0, 1].
        second: of the same shape and type.
        frames: images, the reconstructions of both included.

    Returns:
        float32 `[frames, height, width, channels]` in [0, 1].
    """
    start, end = model.encode(np.stack([first, second]))
    return interpolation(model, start[None], end[None], frames, linear)[0]


def traversals(model: Decodes, dimensions: Sequence[int] | np.ndarray, columns: int = 9) -> np.ndarray:
    """What each of some latent dimensions changes, all others at their means.

    Args:
        model: decodes.
        dimensions: positions in [0, latent_dim), one a row.
        columns: values, evenly spaced from -3 to 3 standard deviations around the mean.

    Returns:
        float32 `[rows, columns, height, width, channels]` in [0, 1].
    """
    mean, deviation = model.latent_moments()
    values = np.linspace(-REACH_DEVIATIONS, REACH_DEVIATIONS, columns)
    latents = np.tile(mean, (len(dimensions), columns, 1))
    for row, dimension in enumerate(dimensions):
        latents[row, :, dimension] += deviation[dimension] * values
    return _decoded(model, latents)


def plane(model: Decodes, across: int, upwards: int, side: int) -> np.ndarray:
    """A map of the plane of two latent dimensions (Kingma & Welling 2014, figure 4), all others at their means.

    Neighbours are equally likely steps apart: the values are evenly spaced quantiles of the normal distribution.

    Args:
        model: decodes.
        across: the dimension that grows from left to right.
        upwards: the one that grows from the bottom to the top.
        side: images in a row and in a column.

    Returns:
        float32 `[side, side, height, width, channels]` in [0, 1], the top row first.
    """
    mean, deviation = model.latent_moments()
    quantiles = np.array([NormalDist().inv_cdf((place + 0.5) / side) for place in range(side)])
    latents = np.tile(mean, (side, side, 1))
    latents[:, :, across] += deviation[across] * quantiles
    latents[:, :, upwards] += deviation[upwards] * quantiles[::-1, None]
    return _decoded(model, latents)


def most_active(activity: np.ndarray, count: int) -> np.ndarray:
    """Up to `count` latent dimensions, those with the largest `activity` `[latent_dim]` first."""
    return np.argsort(-activity, kind="stable")[:count]


def _decoded(model: Decodes, latents: np.ndarray) -> np.ndarray:
    """`[rows, columns, latent_dim]` -> `[rows, columns, height, width, channels]`."""
    images = model.decode(latents.reshape(-1, latents.shape[-1]).astype("float32"))
    return images.reshape(*latents.shape[:2], *images.shape[1:])
