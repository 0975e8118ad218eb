"""The one place where names become code: `"package.module:attribute"`."""

from __future__ import annotations

import importlib
import re
from typing import Any

_REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def resolve(reference: str) -> Any:
    """The object that `"package.module:attribute"` names.

    Raises:
        ValueError: the reference is malformed, or there is no such module or attribute.
    """
    module_name, attribute = parts_of(reference)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if not f"{module_name}.".startswith(f"{error.name}."):
            raise  # the module is there, but something that it needs is not
        raise ValueError(f"{reference!r}: there is no module {error.name}; is it on PYTHONPATH?") from None
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise ValueError(f"{reference!r}: the module has no {attribute}") from None


def parts_of(reference: str) -> tuple[str, str]:
    """Module and attribute of a reference."""
    if not _REFERENCE.fullmatch(reference):
        raise ValueError(f"{reference!r} is not of the form 'package.module:attribute'")
    module, _, attribute = reference.partition(":")
    return module, attribute
