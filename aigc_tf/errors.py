"""Errors that a user can mend; the commands print their message alone, on one line, and exit with status 2."""


class InputError(ValueError):
    """What the user gave cannot be used: the message names the culprit and the mend, in one line."""


def printable(text: str) -> str:
    """A text with escapes for what breaks lines or steers terminals: names of files and their content may."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
