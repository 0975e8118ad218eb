"""How the next symbol is chosen: pure functions over logits, in NumPy.

Each filter takes logits, float `[..., symbols]`, and returns them with what it rules out at minus infinity; at least
one symbol stays. `choose` applies them in the order of the fields of `Decoding` and draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from aigc_tf.recipes.options import Decoding


def penalise_repetition(logits: np.ndarray, written: np.ndarray, penalty: float) -> np.ndarray:
    """Logits of written symbols, bool of the same shape, divided by the penalty, or multiplied with it if negative."""
    return np.where(written, np.where(logits > 0, logits / penalty, logits * penalty), logits)


def keep_top_k(logits: np.ndarray, k: int) -> np.ndarray:
    """The k largest; of equal ones at the border, those with smaller numbers."""
    ranks = np.argsort(np.argsort(-logits, axis=-1, kind="stable"), axis=-1, kind="stable")
    return np.where(ranks < k, logits, -np.inf)


def keep_top_p(logits: np.ndarray, p: float) -> np.ndarray:
    """The smallest set of the likeliest symbols whose probabilities add up to at least p."""
    order = np.argsort(-logits, axis=-1, kind="stable")
    probabilities = np.take_along_axis(softmax(logits), order, axis=-1)
    before = np.cumsum(probabilities, axis=-1) - probabilities
    kept = np.zeros(logits.shape, bool)
    np.put_along_axis(kept, order, before < p, axis=-1)
    return np.where(kept, logits, -np.inf)


def keep_min_p(logits: np.ndarray, p: float) -> np.ndarray:
    """Symbols whose probability is at least p times the largest."""
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
    """The next symbol of each row.

    Args:
        logits: `[rows, symbols]`; minus infinity rules a symbol out.
        decoding: how to choose; `beams` is not for single symbols.
        written: bool `[rows, symbols]`, symbols that the row's text has.
        uniform: `[rows]`, uniform numbers in [0, 1) that decide.

    Returns:
        int64 `[rows]`.
    """
    if decoding.repetition_penalty != 1:
        logits = penalise_repetition(logits, written, decoding.repetition_penalty)
    if decoding.temperature == 0:
        return logits.argmax(axis=-1)
    logits = logits.astype(np.float64)
    with np.errstate(over="ignore"):  # the nearer to 0, the further all but the largest are below it
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
"""(the beams that go on, int64 `[beams]`, and the symbol of each) -> logits `[beams, symbols]` of what comes next."""


def beam_search(first_logits: np.ndarray, advance: Advance, beams: int, tokens: int, end: int | None) -> list[int]:
    """The likeliest text that a search with so many candidates finds, without its end symbol.

    Finished candidates compete by log-probability divided by their length, so that short ones have no advantage
    (Wu et al. 2016, eq. 14 with α = 1).

    Args:
        first_logits: `[symbols]`, after the prompt.
        advance: takes candidates a symbol further.
        beams: candidates that are kept.
        tokens: the longest text.
        end: the symbol that ends a text, if one does.
    """
    scores = np.zeros(1)
    texts: list[Sequence[int]] = [()]
    finished: list[tuple[float, Sequence[int]]] = []
    logits = first_logits[None]
    for length in range(1, tokens + 1):
        totals = scores[:, None] + log_softmax(logits)  # [candidates, symbols]
        if end is not None:
            finished += [(total / length, text) for total, text in zip(totals[:, end], texts, strict=True)]
            totals[:, end] = -np.inf
        best = np.argsort(-totals, axis=None, kind="stable")[:beams]
        best = best[np.isfinite(totals.reshape(-1)[best])]
        if not len(best):
            break
        parents, symbols = np.divmod(best, totals.shape[1])
        texts = [(*texts[parent], int(symbol)) for parent, symbol in zip(parents, symbols, strict=True)]
        scores = totals.reshape(-1)[best]
        # No candidate can become better than it would be if all that is still to come were certain.
        if finished and max(scores) / tokens <= max(score for score, _ in finished):
            break
        if length < tokens:
            logits = advance(parents, symbols)
    finished += [(score / len(text), text) for score, text in zip(scores, texts, strict=True) if text]
    return list(max(finished, key=lambda candidate: candidate[0])[1])
