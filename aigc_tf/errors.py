"""Errors that a user can fix, and how messages reach the user: one line each, on stderr."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Sequence

_NAMED_AT_MOST = 5


class InputError(ValueError):
    """What the user gave cannot be used: the message names the culprit and the fix, in one line.

    Commands print the message alone and exit with status 2.
    """


class StoppedError(InputError):
    """Training has stopped for a fault that the user can fix, such as a full disk: what it has learnt is kept."""


class UnavailableError(InputError):
    """A file cannot be read at the moment; nothing is wrong with it."""


class UnreadableError(Exception):
    """A file does not hold what is asked for; the message says why in a few words, as the end of a sentence."""


def printable(text: str) -> str:
    """A text with escapes for what breaks lines or steers terminals: names of files and their content may."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def listed(items: Sequence[str]) -> str:
    """The first of some items, and how many more there are."""
    more = len(items) - _NAMED_AT_MOST
    return ", ".join(items[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a misspelt one may stand for, upper and lower case apart; None if there is none."""
    by_letters = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(name.casefold(), by_letters, n=1)
    return by_letters[found[0]] if found else None


def say(message: str) -> None:
    """Tell the user; stdout belongs to results."""
    print(message, file=sys.stderr, flush=True)
