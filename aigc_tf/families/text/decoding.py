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
"""(which of all candidates go on, int64 `[candidates]`, and the symbol of each) -> logits `[candidates, symbols]` of
what comes next."""

Forbid = Callable[[int, Sequence[int]], Sequence[int] | np.ndarray]
"""(the row, and its text so far) -> symbols that may not come next."""


def beam_search(
    first_logits: np.ndarray,
    advance: Advance,
    beams: int,
    tokens: int,
    end: int | None,
    length_penalty: float = 1.0,
    forbid: Forbid | None = None,
) -> list[list[int]]:
    """The likeliest text of each row that a search with so many candidates finds, without its end symbol.

    Finished candidates compete by log-probability divided by (length^α) (Wu et al. 2016, eq. 14, nearly), so that with
    α = 1 short ones have no advantage.

    Args:
        first_logits: `[rows, symbols]`, after the prompt.
        advance: takes candidates a symbol further, those of one row after those of another.
        beams: candidates of a row that are kept.
        tokens: the longest text.
        end: the symbol that ends a text, if one does.
        length_penalty: α.
        forbid: symbols that may not follow a text; None for none.
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
        # No candidate can become better than it would be if all that is still to come were certain.
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
    """Log-probabilities `[candidates, symbols]` with what may not come next at minus infinity, the others as before."""
    if forbid is None:
        return log_p
    candidates = ((row, text) for row, found in enumerate(texts) for text in found)
    for place, (row, text) in enumerate(candidates):
        log_p[place, np.asarray(forbid(row, text), np.int64)] = -np.inf
    return log_p


def _largest(totals: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The largest of each row's numbers `[rows, candidates, symbols]`, descending, with candidate and symbol of each.

    All three `[rows, count]`, or less where there are fewer; of equal numbers the earlier one comes first.
    """
    flat = totals.reshape(len(totals), -1)
    count = min(count, flat.shape[1])
    places = np.sort(np.argpartition(-flat, count - 1, axis=1)[:, :count], axis=1)
    values = np.take_along_axis(flat, places, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    places = np.take_along_axis(places, order, axis=1)
    return np.take_along_axis(values, order, axis=1), *np.divmod(places, totals.shape[2])


def repeating(text: Sequence[int], length: int) -> list[int]:
    """Symbols after which a text would have a sequence of `length` symbols twice (Paulus et al. 2018, §2.5)."""
    ending = tuple(text[len(text) - length + 1 :])
    starts = range(len(text) - length + 1)
    return [text[at + length - 1] for at in starts if tuple(text[at : at + length - 1]) == ending]
