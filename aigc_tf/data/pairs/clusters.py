"""Clusters of near-duplicates among text pairs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

import numpy as np

from aigc_tf.data.progress import progress

# A word of letters, or a single Chinese character, kana or Hangul syllable, since these are written without spaces.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_ENOUGH_WORDS = 3  # minimum number of words for texts that differ only in digits to count as the same
_SIMILAR = 0.7  # minimum Jaccard index of the word bigrams of near-duplicates
_BANDS, _ROWS = 12, 4  # of MinHash values: they find 97 % of the pairs with an index of 0.7, and 27 % of those with 0.4
_MERSENNE = np.uint64(2**31 - 1)


def words(text: str) -> list[str]:
    """The words of a text in lower case, without digits and punctuation; Chinese characters one by one."""
    return _WORD.findall(text.casefold())


def clusters(texts: Sequence[Sequence[str]]) -> np.ndarray:
    """The cluster of each pair: the smallest index among its near-duplicates, their near-duplicates, and so on.

    Two texts are near-duplicates if they have the same words, at least three, regardless of case, digits and
    punctuation; or if they are equal regardless of case and white space; or if most of their word bigrams are the same:
    their MinHash values (Broder 1997) agree in a band, and the Jaccard index is at least 0.7. Two pairs are
    near-duplicates if either of their sides are.

    Args:
        texts: both sides, `[pairs]` each.

    Returns:
        int64 `[pairs]`.
    """
    parents = list(range(len(texts[0])))
    for number, side in enumerate(texts, 1):
        found = [words(text) for text in progress(side, len(side), f"comparing side {number}")]
        enough = np.array([len(row) >= _ENOUGH_WORDS for row in found])
        _join(
            parents,
            [
                " ".join(row) if is_enough else " ".join(text.casefold().split())
                for row, text, is_enough in zip(found, side, enough, strict=True)
            ],
        )
        _join_similar(
            parents,
            [row for row, is_enough in zip(found, enough, strict=True) if is_enough],
            np.flatnonzero(enough).tolist(),
        )
    return np.array([_root(parents, row) for row in range(len(parents))], np.int64)


def cluster_keys(texts: Sequence[str], numbers: np.ndarray) -> np.ndarray:
    """A hash of each example's cluster, uint64 `[examples]`, independent of the order of examples.

    It is the smallest hash among the examples of the cluster.

    Args:
        texts: texts of the examples; for pairs both texts, joined by a zero.
        numbers: result of `clusters`.
    """
    hashes = np.array([_hash(text) for text in texts], np.uint64)
    smallest = np.full(len(texts), np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(smallest, numbers, hashes)
    # Hashed again: the more examples a cluster has, the smaller its smallest hash.
    again = {key: _hash(f"{key}\0") for key in np.unique(smallest).tolist()}
    return np.array([again[key] for key in smallest[numbers].tolist()], np.uint64)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def _root(parents: list[int], row: int) -> int:
    while parents[row] != row:
        parents[row] = parents[parents[row]]
        row = parents[row]
    return row


def _unite(parents: list[int], one: int, other: int) -> None:
    roots = _root(parents, one), _root(parents, other)
    parents[max(roots)] = min(roots)


def _join(parents: list[int], keys: Iterable[str]) -> None:
    """Merge rows with equal keys."""
    first: dict[str, int] = {}
    for row, key in enumerate(keys):
        _unite(parents, first.setdefault(key, row), row)


def _join_similar(parents: list[int], rows: Sequence[Sequence[str]], places: list[int]) -> None:
    """Merge rows with similar sets of word bigrams; `places` are their indices."""
    if not len(rows):
        return
    shingles, starts = _shingles(rows)
    for band in _bands(shingles, starts):
        _, groups, counts = np.unique(band, return_inverse=True, return_counts=True)
        shared = np.flatnonzero(counts[groups] > 1)
        shared = shared[np.argsort(groups[shared], kind="stable")]
        for group in np.split(shared, np.flatnonzero(np.diff(groups[shared])) + 1) if len(shared) else ():
            first, *others = group.tolist()
            for other in others:
                if _root(parents, places[first]) != _root(parents, places[other]):
                    sets = (shingles[starts[row] : starts[row + 1]] for row in (first, other))
                    if _jaccard(*sets) >= _SIMILAR:
                        _unite(parents, places[first], places[other])


def _shingles(rows: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the word bigrams of all rows, uint64, without repetition in a row; and where rows begin."""
    numbers: dict[str, int] = {}
    for row in rows:
        for word in row:
            numbers.setdefault(word, len(numbers) + 1)
    lengths = np.array([len(row) + 1 for row in rows])
    known = np.fromiter((number for row in rows for number in (0, *map(numbers.__getitem__, row))), np.uint64)
    ends = np.cumsum(lengths)
    after = np.append(known[1:], 0)
    after[ends - 1] = 0
    pairs = known * np.uint64(len(numbers) + 1) + after
    owners = np.repeat(np.arange(len(rows)), lengths)
    order = np.lexsort((pairs, owners))
    pairs, owners = pairs[order], owners[order]
    kept = np.append(True, (np.diff(pairs) != 0) | (np.diff(owners) != 0))
    return pairs[kept], np.searchsorted(owners[kept], np.arange(len(rows) + 1))


def _bands(shingles: np.ndarray, starts: np.ndarray) -> Iterable[np.ndarray]:
    """For each band a hash of every row, uint64 `[rows]`, equal where all MinHash values of the band are."""
    random = np.random.default_rng(0)
    reduced = shingles % _MERSENNE
    for _ in range(_BANDS):
        band = np.zeros(len(starts) - 1, np.uint64)
        for _ in range(_ROWS):
            factor, shift = random.integers(1, int(_MERSENNE), 2).astype(np.uint64)
            hashed = (reduced * factor + shift) % _MERSENNE
            band = band * np.uint64(0x9E3779B97F4A7C15) + np.minimum.reduceat(hashed, starts[:-1])
        yield band


def _jaccard(one: np.ndarray, other: np.ndarray) -> float:
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)
