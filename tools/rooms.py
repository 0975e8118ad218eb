"""Draw the dependency graph of the package's rooms (subpackages), from its imports.

    python -m tools.rooms           # writes docs/rooms.png, and the table of docs/ARCHITECTURE.md

An arrow from one room to another means that the first imports the second. Imports inside functions count, those only
for type checkers do not.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "aigc_tf"
DOCUMENT, PICTURE = ROOT / "docs" / "ARCHITECTURE.md", ROOT / "docs" / "rooms.png"
BEGIN, END = "<!-- rooms: written by tools/rooms.py -->", "<!-- end of rooms -->"

ORDER = (
    "storage",
    "recipes",
    "nn",
    "data",
    "modalities",
    "privacy",
    "families",
    "metrics",
    "export",
    "trust",
    "runs",
    "engine",
    "cli",
)
"""The order of the layers: a room imports only those before it. Modules outside the rooms (`errors`) belong to all."""


def modules() -> dict[str, Path]:
    """The modules of the package by name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def imports(known: dict[str, Path]) -> dict[str, set[str]]:
    """Module -> the modules of the package that it imports, at the top or inside functions."""
    return {
        name: {target for target in _imported(path) if target in known and target != name}
        for name, path in known.items()
    }


def _imported(path: Path) -> Iterator[str]:
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in (alias.name for alias in node.names):
                place = ROOT / node.module.replace(".", "/") / name
                is_module = place.is_dir() or place.with_suffix(".py").is_file()
                yield f"{node.module}.{name}" if is_module else node.module
        waiting.extend(ast.iter_child_nodes(node))


def room_of(module: str) -> str | None:
    """The room of a module; None for modules outside the rooms."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ORDER else None


def arrows() -> dict[tuple[str, str], int]:
    """(room, imported room) -> number of imports."""
    found: dict[tuple[str, str], int] = {}
    for module, targets in imports(modules()).items():
        for target in targets:
            room, other = room_of(module), room_of(target)
            if room and other and room != other:
                found[room, other] = found.get((room, other), 0) + 1
    return found


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules with circular imports (Tarjan 1972), each sorted."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for target in sorted(graph[module]):
            if target not in index:
                visit(target)
                low[module] = min(low[module], low[target])
            elif target in stack:
                low[module] = min(low[module], index[target])
        if low[module] == index[module]:
            group: list[str] = []
            while not group or group[-1] != module:
                group.append(stack.pop())
            if len(group) > 1:
                found.append(sorted(group))

    for module in graph:
        if module not in index:
            visit(module)
    return found


def table() -> str:
    """The imports of each room, as a Markdown table."""
    found = arrows()
    rows = [f"| `{room}/` | {', '.join(to for to in ORDER if (room, to) in found) or '-'} |" for room in ORDER]
    return "\n".join(["| room | imports |", "| --- | --- |", *rows])


def draw(path: Path) -> None:
    """Draw the rooms in a row, and an arc for each arrow, thicker for more imports."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyArrowPatch

    figure = Figure(figsize=(13, 5), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-0.7, len(ORDER) - 0.3), ylim=(-0.6, 4.2))
    axes.axis("off")
    for place, room in enumerate(ORDER):
        box = {"boxstyle": "round,pad=0.4", "facecolor": "#eef3fb", "edgecolor": "#345"}
        axes.text(place, 0, room, ha="center", va="center", fontsize=11, bbox=box)
    for (room, to), count in arrows().items():
        start, end = ORDER.index(room), ORDER.index(to)
        colour = "#345" if start > end else "red"
        arc = f"arc3,rad={0.55 if start > end else -0.55}"
        axes.add_patch(
            FancyArrowPatch(
                (start, 0.25),
                (end, 0.25),
                connectionstyle=arc,
                arrowstyle="-|>",
                mutation_scale=10,
                linewidth=0.5 + count**0.5 / 3,
                color=colour,
                alpha=0.55,
            )
        )
    FigureCanvasAgg(figure).print_png(str(path))


def main() -> None:
    """Write the picture and the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    draw(PICTURE)
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}", encoding="utf-8")
    print(PICTURE)


if __name__ == "__main__":
    main()
