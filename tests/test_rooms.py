"""Imports follow the order of the rooms: no cycles, and no import from a later room."""

from __future__ import annotations

from pathlib import Path

from tools import rooms


def test_no_modules_import_each_other_in_a_circle():
    assert not rooms.cycles(rooms.imports(rooms.modules()))


def test_no_arrow_leads_forwards():
    known = rooms.modules()
    forwards = [
        f"{module} imports {target}"
        for module, targets in rooms.imports(known).items()
        for target in targets
        if rooms.room_of(module)
        and rooms.room_of(target)
        and rooms.ORDER.index(rooms.room_of(module)) < rooms.ORDER.index(rooms.room_of(target))
    ]
    assert not forwards


def test_a_family_imports_no_other():
    """Shared code is next to the families, or in earlier rooms; private families build on others."""
    families = {path.name for path in (rooms.PACKAGE / "families").iterdir() if (path / "__init__.py").exists()}

    def family_of(module: str) -> str | None:
        parts = module.split(".")
        return parts[2] if parts[1:2] == ["families"] and len(parts) > 3 and parts[2] in families else None

    graph = rooms.imports(rooms.modules())
    crossing = [
        f"{module} imports {target}"
        for module, targets in graph.items()
        for target in targets
        if family_of(module) not in (None, "private") and family_of(target) not in (None, family_of(module))
    ]
    assert {family_of(module) for module in graph} >= families and not crossing


def test_every_folder_is_a_room():
    folders = {path.name for path in rooms.PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert folders == set(rooms.ORDER)


def test_the_table_of_the_architecture_is_that_of_the_imports():
    assert rooms.table() in rooms.DOCUMENT.read_text(encoding="utf-8"), "run python -m tools.rooms"


def test_a_circle_is_found():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}
    assert rooms.cycles(graph) == [["a", "b", "c"]]


def test_imports_are_read_from_functions_but_not_for_type_checkers(tmp_path: Path):
    (tmp_path / "m.py").write_text(
        "from typing import TYPE_CHECKING\nimport a\nif TYPE_CHECKING:\n    import b\ndef f():\n    from c import d\n"
    )
    assert set(rooms._imported(tmp_path / "m.py")) == {"typing", "a", "c"}
