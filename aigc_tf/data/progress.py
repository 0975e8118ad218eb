"""Progress bars for reading data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

_Item = TypeVar("_Item")


def progress(items: Iterable[_Item], total: int | None, description: str) -> Iterator[_Item]:
    """The items, with a progress bar on stderr if that is a terminal and they take longer than two seconds."""
    yield from tqdm(items, total=total, desc=description, delay=2, disable=None, leave=False)
