"""Generated rows of the model and of the baselines."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.tables.source import TableSource
from aigc_tf.metrics.evaluator import Better, Figure, Request
from aigc_tf.metrics.tables.baselines import BOOTSTRAP, COPULA, bootstrap, copula

MAX_ROWS = 2_000  # for pairwise comparison and for training


def drawn_rows(model: Any, source: TableSource, request: Request, most: int) -> dict[str, np.ndarray]:
    """The requested number of rows of each method, at most `most`, by name; the model's is "model".

    The baselines are fitted only to the training rows, like the model.
    """
    count = min(request.samples, most)
    return {
        "model": model.values(count, request.seed),
        COPULA: copula(source.scheme, source.train, count, request.seed),
        BOOTSTRAP: bootstrap(source.train, count, request.seed),
    }


def figure(found: dict[str, float], better: Better, **beside: float) -> Figure:
    """The model's figure with the baselines' values."""
    others = {name: value for name, value in found.items() if name != "model"}
    return Figure(found["model"], better, others | beside)


def protocol(source: TableSource, request: Request, rows: dict[str, np.ndarray]) -> dict[str, Any]:
    """The settings of the measurement."""
    return {
        "generated rows": len(rows["model"]),
        "training rows": len(source.train),
        f"{request.part} rows": len(source.part(request.part)),
        f"{request.part} split": source.split_in_words(request.part),
    }
