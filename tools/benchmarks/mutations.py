"""Random mutations of bytes and JSON, for fuzzing."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

NOT_A_NUMBER, INFINITE = float("nan"), float("inf")
STRANGE_NUMBERS = (0, -1, 1, 2**31, 2**32, 2**64, 10**30, -(10**30), 0.5, 1e-320, 1e308, NOT_A_NUMBER, INFINITE)
STRANGE_TEXTS = ("", " ", "\0", "\n\x1b[2J", "\ud800", "..", "/", "../../etc/passwd", "a" * 5000, "春", "os:system")


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content with bytes changed, removed, duplicated or inserted."""
    return chance.choice(_WAYS)(content, chance)


def _change(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _extreme(content: bytes, chance: random.Random) -> bytes:
    """Insert extreme values, as of a length or size field."""
    place = chance.randrange(len(content) + 1)
    return content[:place] + chance.choice([b"\xff", b"\0", b"\x7f"]) * chance.choice([1, 2, 4, 8]) + content[place:]


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _lose(content: bytes, chance: random.Random) -> bytes:
    first, last = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return content[:first] + content[last:]


def _double(content: bytes, chance: random.Random) -> bytes:
    first, last = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return content[:last] + content[first:]


def _keep_the_beginning(content: bytes, chance: random.Random) -> bytes:
    """Random bytes after a valid header."""
    return content[: chance.choice([2, 8, 16, 64])] + chance.randbytes(chance.randrange(500))


_WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _change, _change, _change, _extreme, _cut, _lose, _double, _keep_the_beginning
)  # fmt: skip


def damaged_json(text: str, chance: random.Random) -> str:
    """A JSON text with one to three values, names or members replaced, or with damaged bytes."""
    if chance.random() < 0.2:
        return damaged(text.encode(), chance).decode("utf-8", "replace")
    value = json.loads(text)
    for _ in range(chance.randint(1, 3)):
        value = _replaced(value, chance)
    return json.dumps(value)


def _replaced(value: Any, chance: random.Random) -> Any:
    """The value with a random part replaced."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(list(value))
        way = chance.random()
        if way < 0.1:
            return {key: inner for key, inner in value.items() if key != name}
        if way < 0.2:
            return value | {chance.choice(STRANGE_TEXTS): strange(chance)}
        return value | {name: _replaced(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.7:
        place = chance.randrange(len(value))
        return [*value[:place], _replaced(value[place], chance), *value[place + 1 :]]
    return strange(chance)


def strange(chance: random.Random) -> Any:
    """An unexpected value."""
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    number = chance.choice(STRANGE_NUMBERS)
    return chance.choice([None, True, number, number, chance.choice(STRANGE_TEXTS), deep, {}])
