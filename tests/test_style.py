"""Code style: short functions, files of about 300 lines, trainers' docstrings that match their recipes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from aigc_tf.recipes.registry import recipe_classes

ROOT = Path(__file__).parent.parent
FILES = [path for folder in ("aigc_tf", "tools", "trainers") for path in sorted((ROOT / folder).rglob("*.py"))]
MAX_FUNCTION_LINES, MAX_FILE_LINES = 50, 310
# Flat lists of cases.
LISTS = {"tools/benchmarks/fuzz.py:readers"}


def test_functions_are_short():
    """Docstrings do not count."""
    long = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            first = node.body[0]
            docstring = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) is not None else 0
            name, lines = f"{path.relative_to(ROOT)}:{node.name}", node.end_lineno - node.lineno + 1 - docstring
            if lines > MAX_FUNCTION_LINES and name not in LISTS:
                long.append(f"{name} has {lines} lines")
    assert not long


def test_files_can_be_held_in_mind():
    lines = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert not {name: count for name, count in lines.items() if count > MAX_FILE_LINES}


@pytest.mark.parametrize("name", recipe_classes())
def test_a_trainer_says_how_many_steps_of_what_batch_it_trains(name: str):
    recipe = recipe_classes()[name]()
    text = ast.get_docstring(ast.parse((ROOT / "trainers" / f"{name}.py").read_text(encoding="utf-8"))) or ""
    assert f" {recipe.steps:,} steps" in text
    everything = recipe.batch_size > 10_000  # "all windows"
    assert everything or f"{recipe.batch_size:,} " in text


def test_files_that_are_called_slow_are_there():
    """A renamed file would silently run with the fast ones."""
    from tests import conftest

    assert [name for name in conftest.SLOW if not (ROOT / name).is_file()] == []
