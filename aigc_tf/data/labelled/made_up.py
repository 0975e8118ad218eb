"""Synthetic labelled opinions: the `auto` source, for trying out classifiers without data."""

from __future__ import annotations

import itertools

_THINGS = ("film", "book", "hotel", "meal", "song", "phone", "chair", "garden", "play", "coat", "game", "train")
_GOOD = ("good", "lovely", "bright", "clever", "charming", "solid")
_BAD = ("bad", "dull", "broken", "clumsy", "tired", "noisy")
_FORMS = (
    ("this {} is {}", False),
    ("that {} was really {}", False),
    ("I call this {} {}", False),
    ("the {} is not {}", True),
    ("this {} was never {}", True),
    ("nobody finds the {} {}", True),
    ("the {} is {} , they say", False),
    ("hardly a {} is less {}", False),
)


def opinions() -> tuple[list[str], list[str]]:
    """1,152 sentences and their labels, `negative` or `positive`; "not" and the like negate a word."""
    texts, labels = [], []
    words = [*((word, True) for word in _GOOD), *((word, False) for word in _BAD)]
    for (form, turns), thing, (word, is_good) in itertools.product(_FORMS, _THINGS, words):
        texts.append(form.format(thing, word))
        labels.append("positive" if is_good != turns else "negative")
    return texts, labels
