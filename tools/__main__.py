"""List the tools, or run one: `python -m tools`, `python -m tools sample RUN`."""

from __future__ import annotations

import ast
import pkgutil
import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main() -> int:
    """Run the command; returns 2 if there is no such tool."""
    modules = pkgutil.iter_modules([str(FOLDER)])
    tools = [module.name for module in modules if not (module.ispkg or module.name == "__main__")]
    name, *words = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        print("usage: python -m tools TOOL [OPTIONS]\n")
        for tool in tools:
            text = ast.get_docstring(ast.parse((FOLDER / f"{tool}.py").read_text(encoding="utf-8"))) or ""
            print(f"python -m tools.{tool:<26} {text.partition(chr(10))[0]}")
        return 0
    if name not in tools:
        print(f"tools: there is no tool {name}: python -m tools lists them", file=sys.stderr)
        return 2
    sys.argv = [name, *words]
    runpy.run_module(f"tools.{name}", run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
