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
    """Synthetic tables against a Gaussian copula and resampled training rows: train on synthetic, test on real.

    Args:
        sources: CSV files, or tables of Python packages (scikit-learn, statsmodels).
        recipes: Short names of recipes to train.
        seed: Random seed of the training.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        json: Print one JSON object.
    """
    from tools.benchmarks.synthetic_rows import TABLES, synthetic, table

    rows = synthetic(TABLES, sources, recipes, seed, results)
    show({"rows": rows}, json) if json else print(table(TABLES, rows))


def returns(
    sources: Annotated[tuple[str, ...], tyro.conf.Positional] = ("auto",),
    recipes: tuple[str, ...] = ("returns", "returns_gan"),
    seed: int = 0,
    results: Path = Path("saved_models/benchmarks/returns.jsonl"),
    json: bool = False,
) -> None:
    """Models of daily returns against block bootstrap, GARCH(1,1), EWMA and the random walk.

    Args:
        sources: CSV files of prices, or auto, which is synthetic.
        recipes: Short names of recipes to train.
        seed: Random seed of the training.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        json: Print one JSON object.
    """
    from tools.benchmarks.synthetic_rows import RETURNS, synthetic, table

    rows = synthetic(RETURNS, sources, recipes, seed, results)
    show({"rows": rows}, json) if json else print(table(RETURNS, rows))


COMMANDS = (tables, returns)
