"""Statistics of text: lengths, copies, rare tokens, unusual documents."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from aigc_tf.data.overview import Counts, Overview, Shown, far_out, histogram, spread_in_words
from aigc_tf.data.source import evenly
from aigc_tf.data.text.documents import spread
from aigc_tf.data.text.source import TextSource
from aigc_tf.data.text.split import blocks
from aigc_tf.errors import printable

EXAMPLES, STRANGE, FREQUENT = 8, 4, 20  # numbers of documents and tokens to show
CUT = 200  # characters of an example
_COMPARED, _COMPARED_SYMBOLS = 20_000, 2**23  # limits of the documents to compare with each other, and of their tokens
_DEVIATIONS = 6.0  # robust standard deviations above the median at which a document is unusual
_RARE = 5  # maximum number of occurrences of a rare token


def overview(source: TextSource) -> Overview:
    """Describe a source of text."""
    train, vocabulary = source.train, source.vocabulary
    symbols = np.zeros(len(vocabulary), np.int64)
    for block in blocks(train.tokens[1:]):
        symbols += np.bincount(block, minlength=len(vocabulary))
    often = np.argsort(-symbols, kind="stable")[:FREQUENT]
    names = [printable(vocabulary.decode([number])) or "(border)" for number in often]
    facts = {
        "symbols": f"{len(vocabulary):,} ({vocabulary.unit}), of which {int((symbols <= _RARE).sum()):,} occur at most "
        f"{_RARE} times",
    }
    counts = {"most frequent tokens": Counts(names, symbols[often])}
    examples = {"examples": Shown([cut(text) for text in source.texts("train", EXAMPLES)])}
    if train.documents > 1:
        lengths = np.diff(train.starts) - 1
        kind = "lines" if source.settings.lines else "documents"
        rows = compared(lengths)
        sample = "" if len(rows) == len(lengths) else f" (of {len(rows):,} that were compared)"
        texts = [vocabulary.decode(train.document(row)) for row in rows]
        equal, near = repeated(texts)
        nats = -np.log(np.maximum(symbols, 1) / symbols.sum())
        strange = far_out(np.array([nats[train.document(row)].mean() for row in rows]), _DEVIATIONS)
        facts |= {
            kind: f"{len(lengths):,}, {spread_in_words(lengths, 'tokens')}",
            "copies": f"{equal:,} {kind} are equal to an earlier one{sample}",
            "near-duplicates": f"{near:,} more differ from an earlier one only in case, spaces and punctuation{sample}",
            "outliers": f"{len(strange):,} {kind} consist of unusually rare tokens{sample}",
        }
        counts[f"length of {kind}, tokens"] = histogram(lengths)
        if len(strange):
            examples["outliers, most unusual first"] = Shown([cut(texts[row]) for row in strange[:STRANGE]])
    return Overview(facts, counts, examples)


def compared(lengths: np.ndarray) -> np.ndarray:
    """Choose documents to compare with each other, evenly spread and few enough for memory: int64 `[compared]`.

    Args:
        lengths: lengths of all documents in tokens, int64 `[documents]`.
    """
    rows = evenly(len(lengths), _COMPARED)
    rows = rows[lengths[rows] <= _COMPARED_SYMBOLS]
    return rows[spread(lengths[rows], _COMPARED_SYMBOLS)]


def repeated(texts: list[str]) -> tuple[int, int]:
    """Number of texts equal to an earlier one, and of further ones with the same letters and digits."""
    plain = Counter(re.sub(r"[\W_]+", "", text).casefold() or text for text in texts)
    equal = len(texts) - len(set(texts))
    return equal, len(texts) - len(plain) - equal


def cut(text: str) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= CUT else line[: CUT - 1] + "…"
