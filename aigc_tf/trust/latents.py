"""Latent traversals: what each latent dimension of a generator changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.families.latent_space import REACH_DEVIATIONS, most_active
from aigc_tf.families.tasks import Decodes
from aigc_tf.modalities.drawing import bars
from aigc_tf.trust.report import Report, figure, heading, paragraph, table

STARTS = 16
SHOWN, COLUMNS = 10, 9
WIDTH = 640  # minimum width of a row in pixels


class Moved(NamedTuple):
    """The effect of one latent dimension."""

    mean: float
    """Mean absolute change of an example's numbers, such as brightness in [0, 1], per standard deviation."""
    places: np.ndarray
    """The same for each number of an example, `[...]`."""


def movements(model: Decodes, seed: int = 0) -> list[Moved]:
    """The effect of moving each latent dimension by half a standard deviation either way, at 16 random latents.

    Raises:
        InputError: the examples are not numeric.
    """
    _, deviation = model.latent_moments()
    starts = model.latents(STARTS, seed)
    found = []
    for dimension in range(model.latent_dim):
        step = np.zeros(model.latent_dim, np.float32)
        step[dimension] = deviation[dimension] / 2
        lower, upper = (model.decode(starts + side * step) for side in (-1, 1))
        if not isinstance(lower, np.ndarray):
            raise InputError(f"its output, {model.gives.name}, has no brightness: tools.explore shows its latents")
        places = np.abs(upper.astype(np.float64) - lower).mean(axis=0)
        found.append(Moved(float(places.mean()), places))
    return found


def walk(model: Decodes, dimension: int, seed: int = 0) -> np.ndarray:
    """Traverse one dimension from -3 to 3 standard deviations, with the others from a random latent: `[COLUMNS, ...]`.

    The others are not at their means, where samples in many dimensions never are. Conditional models get the first
    class.
    """
    mean, deviation = model.latent_moments()
    latents = np.repeat(model.latents(1, seed), COLUMNS, axis=0)
    reach = np.linspace(-REACH_DEVIATIONS, REACH_DEVIATIONS, COLUMNS)
    latents[:, dimension] = mean[dimension] + deviation[dimension] * reach
    return np.asarray(model.decode(latents, None if model.condition is None else model.condition.spread(1)))


def latent_report(model: Decodes) -> Report:
    """The report: traversals of the dimensions with the largest effects, where each acts, and a bar chart of all."""
    found = movements(model)
    means = np.array([moved.mean for moved in found])
    half = int((np.cumsum(np.sort(means)[::-1]) < means.sum() / 2).sum()) + 1
    words = (
        f"{half} of {len(means)} dimensions make half of all changes. A row goes from {-REACH_DEVIATIONS:g} to "
        f"{REACH_DEVIATIONS:g} standard deviations of one dimension, all others as in one random latent. Beside it "
        f"is the mean change of a number of the example for one standard deviation, over {STARTS} random latents."
    )
    shown = {
        f"dimension {dimension + 1}: {means[dimension]:.4f}": np.asarray(
            model.gives.show(walk(model, dimension), COLUMNS)
        )
        for dimension in most_active(means, SHOWN).tolist()
    }
    order = np.argsort(-means, kind="stable")
    all_of_them = {"all dimensions": bars(means[order], "latent dimension, the strongest first", "mean change")}
    rows = [[str(dimension + 1), f"{means[dimension]:.5f}"] for dimension in order]
    sections = [
        heading("What latent dimensions change"),
        paragraph(words),
        *(figure(picture, caption, WIDTH) for caption, picture in (shown | all_of_them).items()),
        table(["dimension", "mean change for one standard deviation"], rows),
    ]
    return Report(sections, shown | all_of_them)
