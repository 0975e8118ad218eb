"""Packages that only some installations have: the extras of pyproject.toml bring them."""

from __future__ import annotations

import importlib
from typing import Any

from aigc_tf.errors import InputError


def needed(module: str, *, to: str, extra: str, package: str | None = None) -> Any:
    """A module of a package that an extra brings.

    Args:
        module: its full name, `rouge_score.rouge_scorer` say.
        to: what the package is needed for, as the user would say it: `read MIDI files`.
        extra: which brings the package.
        package: its name where it is installed from, if not the first part of `module`.

    Raises:
        InputError: the package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = package or module.partition(".")[0]
        raise InputError(f"to {to} the package {name} is needed: pip install 'aigc-tf[{extra}]'") from error
