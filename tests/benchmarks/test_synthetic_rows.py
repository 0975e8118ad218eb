"""The table benchmark measures each recipe on each source once, and lists baselines once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from aigc_tf.errors import InputError
from aigc_tf.recipes.tables import TableRecipe
from tools.benchmarks import synthetic_rows
from tools.benchmarks.synthetic_rows import RETURNS, TABLES, synthetic, table


def test_it_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked = []

    def measured(recipe: TableRecipe, figures: Iterable[str]) -> list[dict[str, Any]]:
        asked.append((recipe.source, recipe.slug(), recipe.seed))
        return [{"method": recipe.slug(), "tstr_auc": 0.9}, {"method": "bootstrap", "tstr_auc": 0.95}]

    monkeypatch.setattr(synthetic_rows, "measured", measured)
    for _ in range(2):
        rows = synthetic(TABLES, ("a", "b"), ("table_vae", "table_gan"), 3, tmp_path / "results.jsonl")
    assert asked == [(source, name, 3) for source in ("a", "b") for name in ("table_vae", "table_gan")]
    lines = table(TABLES, rows).splitlines()
    assert lines[0] == "| source | method | TSTR AUC |" and len(lines) == 2 + 2 * 3
    assert "| a | table_gan | 0.900 |" in lines and lines.count("| b | bootstrap | 0.950 |") == 1


def test_other_recipes_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="vae is not measured here: choose returns or returns_gan"):
        synthetic(RETURNS, ("auto",), ("vae",), 0, tmp_path / "results.jsonl")
