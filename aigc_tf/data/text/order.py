"""The order of text: windows, parallel streams that continue across steps, or whole lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from aigc_tf.data.text.split import PADDING, TextSplit
from aigc_tf.errors import InputError

HELD_OUT_ROWS = 50  # windows or lines per batch
# Lines are batched by similar length, within groups of this many batches.
_BATCHES_IN_POOL = 50

BatchOf = Callable[[int], tuple[np.ndarray, np.bool_]]
"""Step -> first tokens or documents of its rows, int64 `[batch]`, and whether they continue the previous step."""


def windows(tokens: np.ndarray, length: int, batch_size: int, seed: int) -> BatchOf:
    """Non-overlapping windows of `length` inputs, each once per epoch, shuffled in each epoch.

    Every epoch cuts at a different offset, so that the remainder after the last window occurs in other epochs.
    """
    count = (len(tokens) - 1 - (length - 1)) // length  # for any offset
    if count < 1:
        raise InputError(_too_short(len(tokens), 2 * length, length))

    @lru_cache(maxsize=2)  # a batch can span two epochs
    def starts(epoch: int) -> np.ndarray:
        random = np.random.default_rng((seed, epoch))
        return random.integers(length) + random.permutation(count) * length

    def batch(step: int) -> tuple[np.ndarray, np.bool_]:
        positions = np.arange(step * batch_size, (step + 1) * batch_size)
        begins = np.array([starts(int(position // count))[position % count] for position in positions])
        return begins.astype(np.int64), np.False_

    return batch


def streams(tokens: np.ndarray, length: int, batch_size: int, seed: int) -> BatchOf:
    """Parallel streams, one per row, each of which advances by `length` inputs in a step.

    Every epoch starts at different offsets.
    """
    steps = (len(tokens) - 1 - (length - 1)) // (length * batch_size)
    if steps < 1:
        raise InputError(_too_short(len(tokens), length * (batch_size + 1), length, batch_size))

    def batch(step: int) -> tuple[np.ndarray, np.bool_]:
        epoch, place = divmod(int(step), steps)
        shift = np.random.default_rng((seed, epoch)).integers(length)
        begins = shift + (np.arange(batch_size) * steps + place) * length
        return begins.astype(np.int64), np.bool_(place > 0)

    return batch


def lines(split: TextSplit, batch_size: int, seed: int) -> BatchOf:
    """Whole documents with the boundaries around them, each once per epoch, batched by similar length."""
    return by_length(np.diff(split.starts) + 1, batch_size, seed)  # both boundaries included


def by_length(lengths: np.ndarray, batch_size: int, seed: int) -> BatchOf:
    """Examples with these lengths, int64 `[examples]`, each once per epoch, batched by similar length."""
    examples = len(lengths)
    pool = batch_size * _BATCHES_IN_POOL
    batches = max(1, examples // batch_size)  # the remainder occurs in other epochs

    @lru_cache(maxsize=1)
    def order(epoch: int) -> np.ndarray:
        """`[batches, batch_size]` examples."""
        random = np.random.default_rng((seed, epoch))
        shuffled = random.permutation(examples)
        shuffled = np.resize(shuffled, batches * batch_size)  # repeat them if there are fewer than a batch
        pools = [shuffled[at : at + pool] for at in range(0, len(shuffled), pool)]
        ordered = np.concatenate([part[np.argsort(lengths[part], kind="stable")] for part in pools])
        return random.permutation(ordered.reshape(batches, batch_size))

    def batch(step: int) -> tuple[np.ndarray, np.bool_]:
        epoch, place = divmod(int(step), batches)
        return order(epoch)[place].astype(np.int64), np.False_

    return batch


def windows_of(tokens: np.ndarray, length: int, samples: int) -> Iterator[np.ndarray]:
    """Windows of `length` tokens plus the one before them, int32 `[rows, length + 1]`.

    The rows start evenly spread over the text, and each continues in the next batch. Together they cover the whole text
    if `samples` allows; -1 pads after its end.
    """
    count = -(-(len(tokens) - 1) // length)
    rows = min(HELD_OUT_ROWS, count)
    in_a_row = -(-count // rows)
    places = np.arange(rows)[:, None] * in_a_row * length + np.arange(length + 1)
    for step in range(min(in_a_row, -(-samples // rows))):
        at = places + step * length
        # Tokens from the start of the next row on belong to that row.
        found = tokens[np.minimum(at, len(tokens) - 1)].astype(np.int32)
        yield np.where(at < len(tokens), found, PADDING)


def padded(split: TextSplit, documents: np.ndarray, longest: int | None = None) -> np.ndarray:
    """Documents with the boundaries around them, int32 `[documents, longest]`, padded with -1.

    Args:
        split: contains them.
        documents: their numbers.
        longest: length of a row; by default that of the longest document.
    """
    starts, ends = split.starts[documents], split.starts[documents + 1] + 1
    offsets = np.arange((ends - starts).max() if longest is None else longest)
    inside = offsets < (ends - starts)[:, None]
    places = np.minimum(starts[:, None] + offsets, len(split.tokens) - 1)
    return np.where(inside, split.tokens[places].astype(np.int32), PADDING)


def _too_short(found: int, wanted: int, length: int, batch_size: int | None = None) -> str:
    fix = f"lower text.length ({length})" + (f" or batch_size ({batch_size})" if batch_size else "")
    return f"the text has {found} tokens, and at least {wanted} are needed: give more text, or {fix}"
