"""Privacy of generated rows: distances to the nearest training row, and a membership inference attack."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.source import evenly
from aigc_tf.data.tables.scheme import Category, Scheme
from aigc_tf.data.tables.source import TableSource
from aigc_tf.metrics.distances import nearest
from aigc_tf.metrics.evaluator import Evaluator, Measurement, Request
from aigc_tf.metrics.tables.drawn import MAX_ROWS, drawn_rows, figure, protocol
from aigc_tf.metrics.tables.ranking import area_under_curve


def placed(scheme: Scheme, rows: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Embed rows in a Euclidean space for comparison: `[rows, dimensions]`.

    Numbers are in standard deviations of the reference, gaps at its mean and one deviation off in a dimension of their
    own; two different names have a distance of 1.
    """
    parts = []
    for at, column in enumerate(scheme.columns):
        values = rows[:, at]
        if isinstance(column, Category):
            parts.append(np.eye(column.choices)[values.astype(np.int64)] / np.sqrt(2))
            continue
        known = reference[~np.isnan(reference[:, at]), at]
        gaps = np.isnan(values)
        numbers = (values - known.mean()) / max(float(known.std()), 1e-30)
        parts.append(np.stack([np.where(gaps, 0.0, numbers), gaps], axis=1))
    return np.concatenate(parts, axis=1)


class Copies(Evaluator):
    """Distances of generated rows, compared with a Gaussian copula and a bootstrap of training rows.

    Figures:

    - nearest_ratio, the median distance of generated rows to the nearest training row over that of held-out rows: 1 if
      generated rows are as far from the training data as new real rows, less if they are copies;
    - membership_auc, AUC of a membership inference attack by the distance to the nearest generated row (Chen et al.
      2020, §4.2; Hilprecht et al. 2019): 0.5 is chance, lower is better.
    """

    def measure(self, model: Any, source: TableSource, recipe: Any, request: Request) -> Measurement:
        """Measured on at most 2,000 rows of each kind; see `Evaluator.measure`."""
        count = min(MAX_ROWS, len(source.train))
        rows = drawn_rows(model, source, request, count)
        scheme, train, held = source.scheme, source.train, source.part(request.part)
        known = placed(scheme, train, train)
        members = known[evenly(len(known), MAX_ROWS)]
        others = placed(scheme, held[evenly(len(held), MAX_ROWS)], train)
        usual = float(np.median(nearest(others, known, 1).distances))
        ratios, attacks = {}, {}
        for name, made in rows.items():
            vectors = placed(scheme, made, train)
            found = float(np.median(nearest(vectors, known, 1).distances))
            ratios[name] = found / max(usual, 1e-12)
            distances = [nearest(part, vectors, 1).distances[:, 0] for part in (members, others)]
            attacks[name] = area_under_curve(-distances[0], -distances[1])
        figures = {
            "nearest_ratio": figure(ratios, "neither"),
            "membership_auc": figure(attacks, "lower"),
        }
        facts = {"median distance of held-out rows": round(usual, 4), "generated for the attack": len(rows["model"])}
        return Measurement(figures, protocol(source, request, rows) | facts)
