"""The name by which this program was called, for its help and messages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_subcommands: ContextVar[tuple[str, ...]] = ContextVar("_subcommands", default=())


def program() -> str:
    """The command as typed: `aigc-tf sample`, `python -m tools.sample`, `python -m trainers dcgan`."""
    spec = sys.modules["__main__"].__spec__
    if spec is None:  # a script, or the console command
        called = Path(sys.argv[0]).name.removesuffix(".exe")
    else:
        called = f"python -m {spec.name.removesuffix('.__main__')}"
    return " ".join((called, *_subcommands.get()))


def short_name() -> str:
    """Its last word, for the beginning of messages: `sample`."""
    return program().split()[-1].removesuffix(".py").rpartition(".")[2]


@contextmanager
def subcommand(name: str) -> Iterator[None]:
    """Within this context, the program's name has one more word."""
    token = _subcommands.set((*_subcommands.get(), name))
    try:
        yield
    finally:
        _subcommands.reset(token)
