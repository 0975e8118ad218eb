"""Self-BLEU, a measure of diversity."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence

ORDER = 4


def self_bleu(texts: Sequence[Sequence[Hashable]], order: int = ORDER) -> float:
    """The mean BLEU of each text with all others as references (Zhu et al. 2018, §3.3); lower is more diverse.

    BLEU of n-grams up to `order` with the brevity penalty of Papineni et al. 2002, eqs. 1 to 4; zero matches count as a
    tenth (smoothing 1 of Chen & Cherry 2014, with ε = 0.1), and texts shorter than the order use the n-grams that they
    have.

    Args:
        texts: sequences of symbols.
        order: of the longest n-grams.

    Returns:
        From 0 to 1; 1 for identical texts, and for fewer than two.
    """
    if len(texts) < 2:
        return 1.0
    grams = [[_grams(text, size) for size in range(1, order + 1)] for text in texts]
    # The two largest counts of each n-gram over the texts: the maximum over a text's references is one of them.
    largest = [_two_largest([found[size] for found in grams]) for size in range(order)]
    lengths = Counter(map(len, texts))
    return sum(_bleu(len(text), found, largest, lengths) for text, found in zip(texts, grams, strict=True)) / len(texts)


def _grams(text: Sequence[Hashable], size: int) -> Counter[tuple[Hashable, ...]]:
    return Counter(tuple(text[at : at + size]) for at in range(len(text) - size + 1))


def _two_largest(found: Sequence[Counter[tuple[Hashable, ...]]]) -> dict[tuple[Hashable, ...], tuple[int, int]]:
    largest: dict[tuple[Hashable, ...], tuple[int, int]] = {}
    for counts in found:
        for gram, count in counts.items():
            first, second = largest.get(gram, (0, 0))
            largest[gram] = (count, first) if count > first else (first, max(second, count))
    return largest


def _bleu(
    length: int,
    grams: Sequence[Counter[tuple[Hashable, ...]]],
    largest: Sequence[dict[tuple[Hashable, ...], tuple[int, int]]],
    lengths: Counter[int],
) -> float:
    """BLEU of one text against the others, from the counts of all."""
    if not length:
        return 0.0
    logs = []
    for counts, known in zip(grams, largest, strict=True):
        total = sum(counts.values())
        if not total:
            continue
        matched = 0
        for gram, count in counts.items():
            first, second = known[gram]
            matched += min(count, second if first == count else first)
        logs.append(math.log(max(matched, 0.1) / total))
    others = lengths - Counter([length])
    closest = min(others, key=lambda other: (abs(other - length), other))
    penalty = min(0.0, 1 - closest / length)
    return math.exp(penalty + sum(logs) / len(logs))
