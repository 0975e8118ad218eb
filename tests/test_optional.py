"""Optional packages: the message if one is missing, and the contents of each extra."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from aigc_tf.errors import InputError
from aigc_tf.optional import needed

ROOT = Path(__file__).parent.parent
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def calls() -> Iterator[tuple[str, dict[str, str]]]:
    """Calls of `needed`: module, if given as a literal, and keyword arguments."""
    for folder in ("aigc_tf", "tools"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "needed":
                    named = {each.arg: each.value for each in node.keywords}
                    constant = {key: value.value for key, value in named.items() if isinstance(value, ast.Constant)}
                    first = node.args[0]
                    yield str(first.value) if isinstance(first, ast.Constant) else "", constant


def test_a_package_that_is_not_there_is_one_line():
    with pytest.raises(InputError) as caught:
        needed("no_such_package.inner", to="do this", extra="search")
    assert str(caught.value) == "to do this the package no_such_package is needed: pip install 'aigc-tf[search]'"
    with pytest.raises(InputError, match="the package no-such is needed"):
        needed("no_such_package", to="do this", extra="search", package="no-such")


def test_every_extra_brings_the_package_that_is_asked_for():
    found = list(calls())
    assert len(found) > 12
    for module, named in found:
        brought = {re.split(r"[<>=]", requirement)[0] for requirement in EXTRAS[named["extra"]]}
        package = named.get("package", module.partition(".")[0])
        assert not package or package.replace("_", "-") in {name.replace("_", "-") for name in brought}, (module, named)
