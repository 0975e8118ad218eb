"""Show the cache of prepared data and feature networks, or clear it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from aigc_tf.cli.command import command
from aigc_tf.errors import printable
from aigc_tf.storage.cache import FOLDERS, Entry, cache_root, entries, limit
from aigc_tf.storage.cache import clear as clear_cache


def cache(clear: bool = False) -> None:
    """Show what is cached between runs: prepared pictures and texts, feature networks, the runtime of exported pages.

    Args:
        clear: Clear the cache. Everything in it can be recreated.
    """
    if clear:
        print(f"{cache_root()}: {clear_cache() / 1e6:,.1f} MB removed")
        return
    found = {name: entries(cache_root() / name) for name in FOLDERS}
    total = sum(entry.size for kept in found.values() for entry in kept)
    print(f"{cache_root()}: {total / 1e6:,.1f} MB; prepared pictures and texts may take {limit() / 1e9:g} GB")
    for name, kept in found.items():
        for entry in kept:
            used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used))
            print(f"{name}  {entry.size / 1e6:,.1f} MB  {used}  {_about(entry)}")


def _about(entry: Entry) -> str:
    """What an entry was made from, if recorded; otherwise its name."""
    record = Path(entry.path, "record.json")
    try:
        return printable(str(json.loads(record.read_text(encoding="utf-8"))["about"]))
    except (OSError, ValueError, KeyError, TypeError):
        return printable(entry.path.name)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(cache, arguments)
