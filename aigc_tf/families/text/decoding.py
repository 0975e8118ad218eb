"""Decoding: sampling filters, sampling and beam search as pure functions over logits, in NumPy.

Each filter takes logits, float `[..., symbols]`, and sets those it excludes to minus infinity; at least one symbol
remains. `choose` applies them in the order of the fields of `Decoding` and samples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from aigc_tf.recipes.options import Decoding


def penalise_repetition(logits: np.ndarray, written: np.ndarray, penalty: float) -> np.ndarray:
    """Divide logits of generated symbols, bool of the same shape, by the penalty, or multiply them if negative."""
    return np.where(written, np.where(logits > 0, logits / penalty, logits * penalty), logits)


def keep_top_k(logits: np.ndarray, k: int) -> np.ndarray:
    """Keep the k largest logits; ties at the border are broken by the smaller id."""
    ranks = np.argsort(np.argsort(-logits, axis=-1, kind="stable"), axis=-1, kind="stable")
    return np.where(ranks < k, logits, -np.inf)


def keep_top_p(logits: np.ndarray, p: float) -> np.ndarray:
    """Keep the smallest set of most probable symbols whose probabilities sum to at least p (nucleus sampling)."""
    order = np.argsort(-logits, axis=-1, kind="stable")
    probabilities = np.take_along_axis(softmax(logits), order, axis=-1)
    before = np.cumsum(probabilities, axis=-1) - probabilities
    kept = np.zeros(logits.shape, bool)
    np.put_along_axis(kept, order, before < p, axis=-1)
    return np.where(kept, logits, -np.inf)


def keep_min_p(logits: np.ndarray, p: float) -> np.ndarray:
    """Keep symbols whose probability is at least p times the largest."""
    return np.where(logits - logits.max(axis=-1, keepdims=True) >= np.log(p), logits, -np.inf)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities, float64, over the last axis."""
    weights = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities, float64, over the last axis."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def choose(logits: np.ndarray, decoding: Decoding, written: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Sample the next symbol of each row.

    Args:
        logits: `[rows, symbols]`; minus infinity excludes a symbol.
        decoding: settings; `beams` does not apply to single symbols.
        written: bool `[rows, symbols]`, symbols in the row's text so far.
        uniform: `[rows]`, uniform numbers in [0, 1) for the sampling.

    Returns:
        int64 `[rows]`.
    """
    if decoding.repetition_penalty != 1:
        logits = penalise_repetition(logits, written, decoding.repetition_penalty)
    if decoding.temperature == 0:
        return logits.argmax(axis=-1)
    logits = logits.astype(np.float64)
    with np.errstate(over="ignore"):  # near temperature 0, all but the largest go to minus infinity
        logits = (logits - logits.max(axis=-1, keepdims=True)) / decoding.temperature
    if decoding.top_k:
        logits = keep_top_k(logits, decoding.top_k)
    if decoding.top_p < 1:
        logits = keep_top_p(logits, decoding.top_p)
    if decoding.min_p:
        logits = keep_min_p(logits, decoding.min_p)
    cumulative = np.cumsum(softmax(logits), axis=-1)
    return (cumulative <= uniform[:, None] * cumulative[:, -1:]).sum(axis=-1)


Advance = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(which of all candidates continue, int64 `[candidates]`, and the symbol of each) -> next logits `[candidates,
symbols]`."""

Forbid = Callable[[int, Sequence[int]], Sequence[int] | np.ndarray]
"""(row, its text so far) -> symbols that must not come next."""


def beam_search(
    first_logits: np.ndarray,
    advance: Advance,
    beams: int,
    tokens: int,
    end: int | None,
    length_penalty: float = 1.0,
    forbid: Forbid | None = None,
) -> list[list[int]]:
    """Beam search: the best text found for each row, without its end symbol.

    Finished candidates are ranked by log-probability divided by (length^α) (similar to Wu et al. 2016, eq. 14), so that
    with α = 1 short ones have no advantage.

    Args:
        first_logits: `[rows, symbols]`, after the prompt.
        advance: extends candidates by one symbol, row by row.
        beams: beam width, candidates kept per row.
        tokens: maximum length of a text.
        end: the end symbol, if there is one.
        length_penalty: α.
        forbid: symbols that must not follow a text; None for none.
    """
    rows = len(first_logits)
    scores = np.zeros((rows, 1))
    texts: list[list[tuple[int, ...]]] = [[()] for _ in range(rows)]
    best: list[tuple[float, tuple[int, ...]]] = [(-np.inf, ()) for _ in range(rows)]
    open_rows = np.ones(rows, bool)
    logits = first_logits
    for length in range(1, tokens + 1):
        totals = _without(log_softmax(logits), texts, forbid).reshape(rows, -1, logits.shape[-1])
        totals += scores[:, :, None]  # [rows, candidates, symbols]
        if end is not None:
            for row in np.flatnonzero(open_rows):
                found = zip((totals[row, :, end] / length**length_penalty).tolist(), texts[row], strict=True)
                best[row] = max(best[row], *found, key=lambda candidate: candidate[0])
            totals[:, :, end] = -np.inf
        scores, parents, symbols = _largest(totals, beams)
        texts = [
            [(*texts[row][parent], int(symbol)) for parent, symbol in zip(parents[row], symbols[row], strict=True)]
            for row in range(rows)
        ]
        # Upper bound on a candidate's final score: all further symbols are certain.
        limits = scores.max(axis=1) / tokens**length_penalty
        open_rows &= np.isfinite(limits) & (limits > np.array([score for score, _ in best]))
        if not open_rows.any():
            break
        if length < tokens:
            origins = np.arange(rows)[:, None] * totals.shape[1] + parents
            logits = advance(origins.reshape(-1), symbols.reshape(-1))
    for row in np.flatnonzero(open_rows):
        live = (
            (score / len(text) ** length_penalty, text) for score, text in zip(scores[row], texts[row], strict=True)
        )
        best[row] = max(best[row], *live, key=lambda candidate: candidate[0])
    return [list(text) for _, text in best]


def _without(log_p: np.ndarray, texts: Sequence[Sequence[Sequence[int]]], forbid: Forbid | None) -> np.ndarray:
    """Log-probabilities `[candidates, symbols]` with forbidden symbols at minus infinity, the others unchanged."""
    if forbid is None:
        return log_p
    candidates = ((row, text) for row, found in enumerate(texts) for text in found)
    for place, (row, text) in enumerate(candidates):
        log_p[place, np.asarray(forbid(row, text), np.int64)] = -np.inf
    return log_p


def _largest(totals: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The largest of each row's scores `[rows, candidates, symbols]`, descending, with candidate and symbol of each.

    All three `[rows, count]`, or fewer columns if there are fewer; ties are in order of index.
    """
    flat = totals.reshape(len(totals), -1)
    count = min(count, flat.shape[1])
    places = np.sort(np.argpartition(-flat, count - 1, axis=1)[:, :count], axis=1)
    values = np.take_along_axis(flat, places, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    places = np.take_along_axis(places, order, axis=1)
    return np.take_along_axis(values, order, axis=1), *np.divmod(places, totals.shape[2])


def repeating(text: Sequence[int], length: int) -> list[int]:
    """Symbols that would repeat an n-gram of `length` symbols in a text (Paulus et al. 2018, §2.5)."""
    ending = tuple(text[len(text) - length + 1 :])
    starts = range(len(text) - length + 1)
    return [text[at + length - 1] for at in starts if tuple(text[at : at + length - 1]) == ending]
