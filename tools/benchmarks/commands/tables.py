"""Benchmarks of tables and of returns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from tools.benchmarks.showing import show


def tables(
    sources: Annotated[tuple[str, ...], tyro.conf.Positional] = ("breast_cancer", "diabetes", "fair"),
    recipes: tuple[str, ...] = ("table_vae", "table_gan", "dp_table_vae"),
    seed: int = 0,
    results: Path = Path("saved_models/benchmarks/tables.jsonl"),
    json: bool = False,
) -> None:
    """Models of tables beside a Gaussian copula and training rows drawn again: train on synthetic, test on real.

    Args:
        sources: CSV files, or tables of Python packages (scikit-learn, statsmodels).
        recipes: Short names of recipes, which are trained.
        seed: Random seed of the training.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        json: Print one JSON object.
    """
    from tools.benchmarks.synthetic_rows import table
    from tools.benchmarks.synthetic_rows import tables as measure

    rows = measure(sources, recipes, seed, results)
    show({"rows": rows}, json) if json else print(table(rows))


COMMANDS = (tables,)
