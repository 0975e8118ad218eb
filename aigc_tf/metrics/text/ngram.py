"""The n-gram baseline of language models: interpolated Witten-Bell smoothing over the symbols of a vocabulary."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aigc_tf.data.text.source import TextSource
from aigc_tf.data.text.split import PADDING
from aigc_tf.metrics import cache

MAX_SYMBOLS = 2**22  # of the training text that are counted, in a few seconds
_KEPT = 3


class _Level(NamedTuple):
    """The n-grams of one length."""

    codes: np.ndarray
    """int64 `[n-grams]`, ascending: the context's index (the n-gram without its last symbol) and that symbol."""
    counts: np.ndarray
    """float64 `[n-grams]`."""
    totals: np.ndarray
    """float64 `[contexts]`: symbols seen after each context."""
    kinds: np.ndarray
    """float64 `[contexts]`: distinct ones."""


class NGram:
    """An n-gram with Witten-Bell smoothing (Witten & Bell 1991; Chen & Goodman 1998, eqs. 15 and 16).

    p(w | h) = (c(h w) + T(h) p(w | h')) / (c(h) + T(h)), where c counts in the training text, T(h) is the number of
    distinct symbols after the context h, h' is h without its first symbol, and the unigram backs off to the uniform
    distribution. Probabilities of all symbols sum to one.

    Args:
        tokens: the training text, int `[symbols]`, numbers below `symbols`.
        symbols: size of the vocabulary.
        order: symbols in the longest n-gram, including the predicted one.
    """

    def __init__(self, tokens: np.ndarray, symbols: int, order: int) -> None:
        self.symbols, self.order = symbols, order
        self._levels: list[_Level] = []
        contexts, number_of_contexts = np.zeros(len(tokens), np.int64), 1
        for length in range(1, min(order, len(tokens)) + 1):
            codes = contexts * symbols + tokens[length - 1 :]
            found, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
            behind = found // symbols
            totals = np.bincount(behind, counts, number_of_contexts)
            kinds = np.bincount(behind, minlength=number_of_contexts).astype(np.float64)
            self._levels.append(_Level(found, counts.astype(np.float64), totals, kinds))
            contexts, number_of_contexts = places[:-1], len(found)

    def nats(self, tokens: np.ndarray) -> np.ndarray:
        """-log p of each symbol but the first of each row, given those before it in the row: float64 `[rows, time]`.

        Args:
            tokens: int `[rows, time + 1]`, -1 after their end, where the result is undefined.
        """
        known = np.maximum(tokens, 0)
        probabilities = np.full(tokens.shape, 1 / self.symbols)
        contexts = np.zeros(tokens.shape, np.int64)  # of length 0; -1 for unseen ones
        for level in self._levels:
            codes = contexts * self.symbols + known
            places = np.minimum(np.searchsorted(level.codes, codes), len(level.codes) - 1)
            seen = (contexts >= 0) & (level.codes[places] == codes)
            total, kinds = level.totals[contexts], level.kinds[contexts]
            mixed = (np.where(seen, level.counts[places], 0) + kinds * probabilities) / np.maximum(total + kinds, 1)
            # An n-gram only at the end of the training text is a context without successors.
            probabilities = np.where((contexts >= 0) & (total > 0), mixed, probabilities)
            contexts = np.full_like(contexts, -1)
            contexts[:, 1:] = np.where(seen, places, -1)[:, :-1]
        return -np.log(probabilities[:, 1:])


def fitted(source: TextSource, order: int) -> NGram:
    """The n-gram of the training part, or of its first 4,194,304 symbols."""
    tokens = source.train.tokens[:MAX_SYMBOLS]
    key = (source.fingerprint, source.train.symbols, order)
    return cache.shared().of("n-gram", key, lambda: NGram(tokens, len(source.vocabulary), order), kept=_KEPT)


def nats_of(model: NGram, batches: list[np.ndarray]) -> np.ndarray:
    """-log p of all symbols of held-out batches `[rows, time + 1]`, -1 after their end: float64 `[symbols]`."""
    return np.concatenate([model.nats(tokens)[tokens[:, 1:] != PADDING] for tokens in batches])


def joined(batches: list[np.ndarray]) -> list[np.ndarray]:
    """Concatenate batches whose rows continue in the next batch, as one batch of long rows."""
    first, *others = batches
    return [np.concatenate([first, *(tokens[:, 1:] for tokens in others)], axis=1)]


def in_words(source: TextSource, order: int) -> str:
    """A description of the n-gram, for protocols."""
    counted = min(source.train.symbols, MAX_SYMBOLS)
    return f"order {order}, Witten-Bell, {counted:,} of {source.train.symbols:,} training tokens"
