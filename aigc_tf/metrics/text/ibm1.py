"""IBM model 1 (Brown et al. 1993): word translation probabilities, learnt from sentence pairs without word order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ROUNDS = 5  # of expectation-maximisation
_NOTHING = ""  # the null word, for target words without a source word
MAX_LINKS = 20_000_000  # of source and target words: some gigabytes while counting


class WordTranslation:
    """t(f | e) = Σ c(f | e) / Σ_f' c(f' | e), by expectation-maximisation, uniform at first (Brown et al. 1993, §4.1).

    Args:
        sources: words of each source.
        targets: words of each target.
    """

    def __init__(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> None:
        self.words = sorted({word for row in targets for word in row})
        self._numbers = {word: number for number, word in enumerate(sorted({word for row in sources for word in row}))}
        known = {word: number for number, word in enumerate(self.words)}
        self._numbers[_NOTHING] = len(self._numbers)
        ones, others, places, place, links = [], [], [], 0, 0
        for words, target in zip(sources, targets, strict=True):
            source = [_NOTHING, *words]
            links += len(source) * len(target)
            if not target or links > MAX_LINKS:
                continue
            e = np.array([self._numbers[word] for word in source])
            f = np.array([known[word] for word in target])
            ones.append(np.tile(e, len(f)))
            others.append(np.repeat(f, len(e)))
            places.append(np.repeat(np.arange(place, place + len(f)), len(e)))
            place += len(f)
        e, f, where = (np.concatenate(parts) if parts else np.zeros(0, np.int64) for parts in (ones, others, places))
        codes, links_of = np.unique(e * len(self.words) + f, return_inverse=True)
        self._source_of, self._target_of = np.divmod(codes, max(1, len(self.words)))
        self._probability = np.full(len(codes), 1.0)
        for _ in range(ROUNDS):
            weights = self._probability[links_of]
            weights /= np.bincount(where, weights)[where]
            counts = np.bincount(links_of, weights, len(codes))
            self._probability = counts / np.bincount(self._source_of, counts)[self._source_of]

    def gloss(self, source: Sequence[str]) -> list[str]:
        """The most probable translation of each word of a source, in its order; unseen words are left out."""
        found = []
        for word in source:
            number = self._numbers.get(word)
            if number is None:
                continue
            first, last = np.searchsorted(self._source_of, [number, number + 1])
            if last > first:
                best = first + int(np.argmax(self._probability[first:last]))
                found.append(self.words[int(self._target_of[best])])
        return found
