"""Errors that a user can mend; the commands print their message alone and exit with status 2."""


class InputError(ValueError):
    """What the user gave cannot be used: the message names the culprit and the mend, in one line."""
