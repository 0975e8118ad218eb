"""Stands in for another Python interpreter."""

from __future__ import annotations

import sys
from pathlib import Path


def interpreter(folder: Path, program: str) -> Path:
    """Replacement for a Python with PyTorch."""
    (folder / "program.py").write_text(program)
    path = folder / "python"
    # A shell script, since the path of this Python may contain a space, which a shebang line does not allow.
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{folder / "program.py"}"\n')
    path.chmod(0o755)
    return path
