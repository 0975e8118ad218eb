"""Models of tables on several sources, beside a Gaussian copula, training rows drawn again, and real rows."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aigc_tf
from aigc_tf.errors import InputError, say
from aigc_tf.recipes.registry import recipe_named
from aigc_tf.recipes.tables import TableRecipe
from tools.benchmarks.readings import Results, quiet, report_of
from tools.benchmarks.tables import markdown

FIGURES = {
    "tstr_auc": "TSTR AUC",
    "tstr_r2": "TSTR R²",
    "response_error": "response",
    "marginal_distance": "marginals",
    "association_error": "associations",
    "nearest_ratio": "nearest",
    "membership_auc": "membership AUC",
}
_ROWS = 10_000  # drawn, at most


def tables(sources: Sequence[str], recipes: Sequence[str], seed: int, results: Path) -> list[dict[str, Any]]:
    """A row for each source and method: figures on the test rows.

    Args:
        sources: CSV files, or names of tables.
        recipes: short names, each trained as it is by default.
        seed: of training and of all that is drawn.
        results: a JSON Lines file of what is finished.

    Raises:
        InputError: a recipe is of something else than tables.
    """
    done, rows = Results(results), []
    for source in sources:
        for name in recipes:
            kind = recipe_named(name)
            if not issubclass(kind, TableRecipe):
                raise InputError(f"{name} is not a recipe of tables: choose table_vae, table_gan or dp_table_vae")
            key = {"source": source, "recipe": name, "steps": kind().steps, "seed": seed}
            if not done.find(**key):
                say(f"\n{name} on {source}")
                for row in measured(quiet(kind(source=source, seed=seed))):
                    done.add(**key, **row)
            rows += done.find(**key)
    return rows


def measured(recipe: TableRecipe) -> list[dict[str, Any]]:
    """A row for each method, of a model that is trained now."""
    with tempfile.TemporaryDirectory() as folder:
        run = aigc_tf.train(recipe, Path(folder) / "run")
        report = report_of(run.model, run.source, recipe, _ROWS)
    beside = report["baselines"]
    names = [name for name in FIGURES if name in report]
    methods = dict.fromkeys(method for name in names for method in beside[name])
    own = [{"method": recipe.slug(), **{name: report[name] for name in names}}]
    return own + [
        {"method": method, **{name: beside[name][method] for name in names if method in beside[name]}}
        for method in methods
    ]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown: for each source the methods beside each other; baselines, which are the same each time, stand once."""
    once = {(row["source"], row["method"]): row for row in rows}
    names = [name for name in FIGURES if any(name in row for row in rows)]
    head = ["source", "method", *(FIGURES[name] for name in names)]

    def cell(row: dict[str, Any], name: str) -> str | None:
        return f"{row[name]:.3f}" if name in row else None

    body = [[source, method, *(cell(row, name) for name in names)] for (source, method), row in sorted(once.items())]
    return markdown(head, body)
