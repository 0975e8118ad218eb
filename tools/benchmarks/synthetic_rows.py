"""Models of tables and of returns on several sources, against the baselines of their evaluators."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aigc_tf
from aigc_tf.errors import InputError, say
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.finance import ReturnRecipe
from aigc_tf.recipes.registry import recipe_named
from aigc_tf.recipes.tables import TableRecipe
from tools.benchmarks.readings import Results, quiet, report_of
from tools.benchmarks.tables import markdown

_DRAWN = 10_000  # maximum number of examples


class Kind(NamedTuple):
    """A kind of model, measured with common figures."""

    recipe: type[Any]
    """Base class of their recipes."""
    choices: str
    figures: Mapping[str, str]
    """Figures shown, with their column headings."""


TABLES = Kind(
    TableRecipe,
    "table_vae, table_gan or dp_table_vae",
    {
        "tstr_auc": "TSTR AUC",
        "tstr_r2": "TSTR R²",
        "response_error": "response",
        "marginal_distance": "marginals",
        "association_error": "associations",
        "nearest_ratio": "nearest",
        "membership_auc": "membership AUC",
    },
)
RETURNS = Kind(
    ReturnRecipe,
    "returns or returns_gan",
    {
        "energy_distance": "energy",
        "kurtosis_error": "kurtosis",
        "tail_index_error": "tail index",
        "clustering_error": "clustering",
        "qlike": "QLIKE",
        "risk_exceeded": "days beyond VaR",
        "kupiec_p": "Kupiec p",
        "price_rmse": "price RMSE",
    },
)


def synthetic(
    kind: Kind, sources: Sequence[str], recipes: Sequence[str], seed: int, results: Path
) -> list[dict[str, Any]]:
    """One row per source and method: figures on the test part.

    Args:
        kind: kind of the models.
        sources: files, or names of sources.
        recipes: short names, each trained with its defaults.
        seed: random seed of training and sampling.
        results: JSON Lines file of finished results.

    Raises:
        InputError: a recipe is of another kind.
    """
    done, rows = Results(results), []
    for source in sources:
        for name in recipes:
            recipe = recipe_named(name)
            if not issubclass(recipe, kind.recipe):
                raise InputError(f"{name} is not measured here: choose {kind.choices}")
            key = {"source": Path(source).stem, "recipe": name, "steps": recipe().steps, "seed": seed}
            if not done.find(**key):
                say(f"\n{name} on {source}")
                for row in measured(quiet(recipe(source=source, seed=seed)), kind.figures):
                    done.add(**key, **row)
            rows += done.find(**key)
    return rows


def measured(recipe: Recipe, figures: Iterable[str]) -> list[dict[str, Any]]:
    """Train a model; one row per method."""
    with tempfile.TemporaryDirectory() as folder:
        run = aigc_tf.train(recipe, Path(folder) / "run")
        report = report_of(run.model, run.source, recipe, _DRAWN)
    beside = report["baselines"]
    names = [name for name in figures if name in report]
    methods = dict.fromkeys(method for name in names for method in beside.get(name, ()))
    own = [{"method": recipe.slug(), **{name: report[name] for name in names}}]
    return own + [
        {"method": method, **{name: beside[name][method] for name in names if method in beside.get(name, ())}}
        for method in methods
    ]


def table(kind: Kind, rows: Sequence[dict[str, Any]]) -> str:
    """Markdown table: the methods by source, in the order of the recipes.

    Baselines are fitted on a model's training rows: they are repeated for another model if its rows differ.
    """
    names = [name for name in kind.figures if any(name in row for row in rows)]
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        source, method = row["source"], row["method"]
        before = lines.get((source, method), {})
        if any(before.get(name, row.get(name)) != row.get(name, before.get(name)) for name in names):
            lines[source, f"{method}, rows of {row['recipe']}"] = row
        else:
            lines[source, method] = before | row

    def cell(row: dict[str, Any], name: str) -> str | None:
        return f"{row[name]:.3f}" if name in row else None

    head = ["source", "method", *(kind.figures[name] for name in names)]
    return markdown(head, [[*key, *(cell(row, name) for name in names)] for key, row in lines.items()])
