"""Packages that only measuring needs."""

from __future__ import annotations

import importlib
from typing import Any

from aigc_tf.errors import InputError


def imported(module: str, package: str) -> Any:
    """A module of a package of the extra `pairs`.

    Raises:
        InputError: the package is not there.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(
            f"to measure written texts the package {package} is needed: pip install {package} (extra: pairs)"
        ) from error
