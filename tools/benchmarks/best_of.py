"""Best-of-n selection of pictures: its effect on precision (realism) and recall (coverage of the data)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.cli.improving import Best, rating_of
from aigc_tf.errors import InputError
from aigc_tf.metrics.images.drawing import generated_images
from aigc_tf.metrics.images.features import feature_network
from aigc_tf.metrics.images.reference import Comparison, comparison, real_images
from aigc_tf.modalities.pictures import Pictures
from tools.benchmarks.tables import markdown


@dataclass(frozen=True)
class Picking:
    """Wraps a model: best-of-n sampling."""

    model: Any
    best: Best

    def generate(self, count: int, seed: int = 0, condition: Any = None) -> np.ndarray:
        """float32 `[count, height, width, channels]` in [0, 1]."""
        return np.concatenate([*self.best.drawing(self.model, self.model.generate_batches)(count, seed, condition)])

    def conditions(self, given: Any, count: int) -> Any:
        """Those of the model."""
        return self.model.conditions(given, count)


def best_of(
    run: Any, by: Path | None, times: Sequence[int], samples: int, seed: int, features: str
) -> Iterator[dict[str, Any]]:
    """A row for real training pictures, then one per number of candidates, each compared with the test pictures.

    Args:
        run: run of an image model.
        by: run that rates candidates; see `rating_of`.
        times: numbers of candidates per picture.
        samples: number of pictures kept.
        seed: random seed of the samples.
        features: feature network of the figures; it is independent if it did not select the pictures.

    Raises:
        InputError: the run does not generate pictures, or the rating run does not exist.
    """
    model: Any = run.able("Draws")
    if not isinstance(model.gives, Pictures):
        raise InputError(f"a {run.recipe.slug()} generates {model.gives.name}: name a run that generates pictures")
    rating, judge = rating_of(run, by)
    network = feature_network(run.source, run.recipe.images, features)
    yield _row("real training pictures", real_images(network, run.source, samples, "test", False))
    for each in times:
        drawn = generated_images(Picking(model, Best(each, rating, judge)), network.shape, samples, seed)
        yield _row(
            f"best of {each}, by {judge}" if each > 1 else "as generated",
            comparison(network, drawn, run.source, "test"),
        )


def _row(name: str, found: Comparison) -> dict[str, Any]:
    return {
        "pictures": name,
        "precision": found.neighbours and found.neighbours.precision,
        "recall": found.neighbours and found.neighbours.recall,
        "Fréchet distance": found.frechet,
        "class shares, distance": found.shares and found.shares.distance,
        "compared": found.compared,
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    return markdown(list(rows[0]), [list(row.values()) for row in rows])
