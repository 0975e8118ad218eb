"""What leaves this machine, exports and cards, names its origin without the folders that it came from."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from aigc_tf.errors import printable
from aigc_tf.recipes.base import Recipe, flatten
from aigc_tf.runs import paths
from aigc_tf.runs.folder import read_object


def published(value: Any, run: Path, recipe: Recipe) -> Any:
    """A text, or JSON-able value, in which paths of this machine are their last parts, and the user's home is `~`.

    Args:
        value: may name files and folders of the recipe, such as its source, or the run's folder.
        run: the run's folder.
        recipe: of the run.
    """
    recorded = str(read_object(run / paths.SOURCE).get("name"))
    fields = [value for value in flatten(recipe).values() if isinstance(value, str)]
    named = (recorded, *fields, str(run), str(run.resolve()))
    short = {name: last_part(name) for name in named if is_absolute(name) and last_part(name)}
    home = os.path.expanduser("~")  # noqa: PTH111 (Path.home fails where there is none)
    if is_absolute(home) and last_part(home):
        short.setdefault(home, "~")
    return _replaced(value, dict(sorted(short.items(), key=lambda pair: len(pair[0]), reverse=True)))


def is_absolute(name: str) -> bool:
    """Whether a name is a path from the root, of this system or of another one."""
    return PurePosixPath(name).is_absolute() or PureWindowsPath(name).is_absolute()


def last_part(path: str) -> str:
    """What comes after the last separator."""
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1]


def _replaced(value: Any, short: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(entry, short) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(entry, short) for entry in value]
    if not isinstance(value, str):
        return value
    for path, name in short.items():
        for form in _FORMS:
            # Not as a part of a longer name.
            pattern = rf"(?<![\w/\\.~-]){re.escape(form(path))}(?!\w|[.-]\w)"
            value = re.sub(pattern, form(name).replace("\\", r"\\"), value)
    return value


_FORMS: tuple[Callable[[str], str], ...] = (str, printable, lambda name: printable(name).replace("|", r"\|"))
"""As names are, and as cards and their tables have them."""


def data_origin(path: Path, recipe: Recipe) -> dict[str, str]:
    """What an exported file says of the data that a run was trained on.

    Args:
        path: the run's folder.
        recipe: the run's.

    Raises:
        InputError: the folder does not say it.
    """
    recorded = read_object(path / paths.SOURCE, name=str, fingerprint=str, licence=str)
    data = {"data": published(recorded["name"], path, recipe)}
    return data | {f"{name} of the data": recorded[name] for name in ("fingerprint", "licence")}
