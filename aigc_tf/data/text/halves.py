"""Splits texts into a training part and a held-out test part."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from aigc_tf.data.files import EmptyError
from aigc_tf.data.progress import progress
from aigc_tf.data.source import HELD_OUT, TEST_SPLIT
from aigc_tf.data.text.documents import Documents, Pieces
from aigc_tf.data.text.split import MIN_DOCUMENTS
from aigc_tf.errors import InputError, UnreadableError, listed, printable

_LAST_TENTH = "the last tenth held out"
_TEST_SHARE = 0.1

Reading = Callable[[], Iterator[Pieces]]
"""Texts that can be read repeatedly."""


@dataclass(frozen=True)
class Halves:
    """The training and the test part of a source, before tokenization."""

    train: Reading
    test: Reading
    documents: int
    """The training part."""
    test_split: str
    own_test: bool = False
    """Whether the source has its own test part, which is used as it is."""
    notes: tuple[str, ...] = ()
    limited: str = ""
    """How much of the source is read, if not all."""
    lasts: bool = True
    """Whether another attempt would give the same result: no file failed with a transient error, such as EIO."""


@dataclass(frozen=True, eq=False)
class _Survey:
    characters: np.ndarray
    """int64 `[documents]`; 0 for those left out."""
    keys: np.ndarray
    """uint64 `[documents]`, hashes of the content."""
    unreadable: tuple[str, ...]
    limited: str
    """How much of the documents was read, if not all."""
    lasts: bool
    """See `Halves.lasts`."""

    @property
    def used(self) -> np.ndarray:
        """bool `[documents]`."""
        return self.characters > 0


def hold_out(documents: Documents, name: str, max_unreadable: float | None = None) -> Halves:
    """Hold out a tenth: documents by a hash of their content, or if they are few or the same, the end of the text.

    Args:
        documents: all of them; empty ones are left out.
        name: of the source, for messages.
        max_unreadable: maximum share of unreadable documents, which are left out.

    Raises:
        InputError: more are unreadable.
        UnreadableError: one is unreadable, and no share is given.
        OSError: the same.
    """
    found = _survey(documents, max_unreadable is not None)
    too_many = max_unreadable is not None and len(found.unreadable) > max_unreadable * len(documents)
    if too_many or (max_unreadable is not None and not found.used.any()):
        raise InputError(
            f"{len(found.unreadable)} of {len(documents)} files in {name} cannot be read, and the share that "
            f"text.max_unreadable allows is {max_unreadable:g}: {listed(found.unreadable) or 'the others are empty'}"
        )
    notes = (f"left out: {listed(found.unreadable)}",) if found.unreadable else ()
    if found.used.sum() >= MIN_DOCUMENTS:
        tested = found.used & (found.keys < np.uint64(_TEST_SHARE * 2**64))
        learnt = found.used & ~tested
        if tested.any() and learnt.any():
            train, test = partial(documents.read, learnt), partial(documents.read, tested)
            count = int(learnt.sum())
            return Halves(train, test, count, HELD_OUT, False, notes, found.limited, found.lasts)
    return _last_tenth(documents, found, notes)


def with_test(train: Documents, test: Documents) -> Halves:
    """The two parts of a source that has both; empty documents are left out."""
    learnt, tested = _survey(train, False), _survey(test, False)
    return Halves(
        partial(train.read, learnt.used),
        partial(test.read, tested.used),
        int(learnt.used.sum()),
        TEST_SPLIT,
        own_test=True,
        limited=", ".join(filter(None, (learnt.limited, tested.limited))),
    )


def _survey(documents: Documents, skips: bool) -> _Survey:
    """Read everything once; unreadable documents are left out or, unless it `skips`, raise an error."""
    characters, keys = np.zeros(len(documents), np.int64), np.zeros(len(documents), np.uint64)
    unreadable, read, lasts = [], 0, True
    for row, document in enumerate(progress(documents.read(), len(documents), "reading text")):
        digest, read = hashlib.sha256(), row + 1
        try:
            for piece in document:
                characters[row] += len(piece)
                if len(documents) >= MIN_DOCUMENTS:
                    digest.update(piece.encode())
            keys[row] = int.from_bytes(digest.digest()[:8])
            continue
        except EmptyError:
            if not skips:
                raise
        except UnreadableError as error:
            if not skips:
                raise
            unreadable.append(f"{printable(documents.name(row))} ({error})")
        except OSError as error:
            if not skips:
                raise
            unreadable.append(f"{printable(documents.name(row))} ({error.strerror})")
            lasts = False
        characters[row] = 0
    limited = f"the first {read:,} of {len(documents):,} examples (text.max_bytes)" if read < len(documents) else ""
    return _Survey(characters, keys, tuple(unreadable), limited, lasts)


def _last_tenth(documents: Documents, found: _Survey, notes: tuple[str, ...]) -> Halves:
    """The last tenth, starting at the beginning of a line."""
    ends = np.cumsum(found.characters)
    total = int(ends[-1]) if len(ends) else 0
    left = round((1 - _TEST_SHARE) * total)
    rows = np.arange(len(ends))
    cut = int(np.searchsorted(ends, left, side="right"))  # the document in which it starts
    here = rows == cut
    learnt, tested = found.used & (rows < cut), found.used & (rows >= cut)
    place = 0
    if cut < len(ends):
        before = left - int(ends[cut] - found.characters[cut])
        (place,) = (_line_start(document, before) for document in documents.read(here))
    return Halves(
        partial(_side, documents, learnt | (here & (place > 0)), cut, 0, place),
        partial(_side, documents, tested, cut, place, None),
        int(learnt.sum()) + (place > 0),
        _LAST_TENTH,
        notes=notes,
        limited=found.limited,
        lasts=found.lasts,
    )


def _line_start(document: Pieces, left: int) -> int:
    """Start of the line that contains the character `left`, or that character if it is in the first line."""
    seen = place = 0
    for piece in document:
        found = piece.rfind("\n", 0, left - seen)
        if found >= 0:
            place = seen + found + 1
        seen += len(piece)
        if seen >= left:
            break
    return place or left


def _side(documents: Documents, chosen: np.ndarray, cut: int, start: int, end: int | None) -> Iterator[Pieces]:
    """The chosen documents, with one of them cut to a range of characters."""
    for row, document in zip(np.flatnonzero(chosen), documents.read(chosen), strict=True):
        yield _between(document, start, end) if row == cut else document


def _between(document: Pieces, start: int, end: int | None) -> Iterator[str]:
    seen = 0
    for piece in document:
        inside = piece[max(0, start - seen) : None if end is None else max(0, end - seen)]
        if inside:
            yield inside
        seen += len(piece)
        if end is not None and seen >= end:
            return
