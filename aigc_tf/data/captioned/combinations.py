"""Compositional hold-out of captioned images: unseen combinations of words that are all known separately.

An image of something that no training caption mentions cannot be found by its name. So what is held out are
combinations such as a colour with a heart, whose words all occur in other training captions. All variants of a
combination are held out with it: a training caption never has all of its words.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from aigc_tf.data.images.near_duplicates import alike, difference_hashes, nearest
from aigc_tf.data.text.words import words

Form = tuple[str, ...]
"""The content words of a caption, ascending; repeated words are repeated."""

KNOWN = 2  # minimum number of training captions with each word of a held-out one
_LARGEST_SHARE, _SMALLEST = 10, 8  # limit of a combination with its variants: this part of the hold-out, or examples
_MAX_PAIRS = 2**32  # of images to compare: half a minute; beyond that only images with equal hashes are compared
# Function words: "man in tuxedo" and "man with a tuxedo" are the same.
_JOINING = frozenset(
    ["a", "an", "the", "of", "with", "and", "in", "on", "at", "for", "to", "from", "by", "is", "are", "&", "+"]
)
_SHORT = 3  # letters; longer words are reduced to the singular


def reduced(caption: str) -> Form:
    """Reduce a caption to its content words, without case, order, plural and function words.

    If a caption has no content words, all words are kept.
    """
    found = [word for word in words(caption.casefold()) if word[0].isalnum()]
    kept = [_singular(word) for word in found if word not in _JOINING]
    return tuple(sorted(kept or found))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > _SHORT and word.endswith("s") and not word.endswith("ss") else word


def near_clusters(images: np.ndarray) -> np.ndarray:
    """The cluster of near-duplicates of each image, int64 `[count]`: the smallest index in it.

    Args:
        images: uint8 `[count, height, width, channels]`.
    """
    found, hashes = np.arange(len(images)), difference_hashes(images)
    if len(images) ** 2 > 2 * _MAX_PAIRS:
        _, first, same = np.unique(hashes, return_index=True, return_inverse=True)
        return first[same].astype(np.int64)
    for row in range(1, len(images)):
        near = nearest(np.bitwise_count(hashes[:row] ^ hashes[row]))
        for other in near[alike(np.asarray(images[near]), images[row])]:
            ones = sorted((found[other], found[row]))
            found[found == ones[1]] = ones[0]
    return found.astype(np.int64)


def held_out_combinations(forms: Sequence[Sequence[Form]], clusters: np.ndarray, room: int, seed: int) -> np.ndarray:
    """Choose the held-out examples: bool `[examples]`.

    Combinations of at least two words are taken in the order of a hash, each with all examples whose captions contain
    all of its words and with their near-duplicates, as long as each of their words remains in `KNOWN` other captions.

    Args:
        forms: of each example's captions.
        clusters: int `[examples]`, equal for near-duplicates.
        room: maximum number of examples.
        seed: of the hash.
    """
    groups = _Groups(forms, clusters)
    held = np.zeros(len(forms), bool)
    left = Counter(word for own in groups.words for word in own)
    largest = max(_SMALLEST, room // _LARGEST_SHARE)
    for form in sorted({form for own in forms for form in own if len(form) > 1}, key=lambda form: _key(form, seed)):
        if not room:
            break
        rows = [row for row in groups.variants(form, largest + 1) if not held[row]]
        if not 0 < len(rows) <= min(room, largest):
            continue
        taken = Counter(word for row in rows for word in groups.words[row])
        if all(left[word] - count >= KNOWN for word, count in taken.items()):
            held[rows] = True
            left -= taken
            room -= len(rows)
    return held


def _key(form: Form, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{' '.join(form)}".encode()).digest()


class _Groups:
    """Finds the variants of combinations."""

    def __init__(self, forms: Sequence[Sequence[Form]], clusters: np.ndarray) -> None:
        self.forms, self.clusters = forms, clusters
        self.words = [{word for form in own for word in form} for own in forms]
        self._having: dict[str, set[int]] = defaultdict(set)
        for row, own in enumerate(self.words):
            for word in own:
                self._having[word].add(row)
        self._alike: dict[int, list[int]] = defaultdict(list)
        for row, cluster in enumerate(clusters.tolist()):
            self._alike[cluster].append(row)

    def variants(self, form: Form, enough: int) -> list[int]:
        """Examples with a caption that contains all words of a form, their near-duplicates, and the variants of those.

        The search stops at `enough` examples.
        """
        found: set[int] = set()
        asked = {form}
        waiting = [form]
        while waiting and len(found) < enough:
            for row in sorted(self._with_all(waiting.pop()) - found):
                for other in self._alike[int(self.clusters[row])]:
                    if other not in found and other != row:
                        further = [own for own in self.forms[other] if own not in asked]
                        asked.update(further)
                        waiting += further
                    found.add(other)
        return sorted(found)

    def _with_all(self, form: Form) -> set[int]:
        rows = set.intersection(*(self._having[word] for word in set(form)))
        wanted = Counter(form)
        return {row for row in rows if any(wanted <= Counter(own) for own in self.forms[row])}


def variants_left(held: Iterable[Sequence[Form]], trained: Sequence[Sequence[Form]]) -> int:
    """Number of training examples with a caption that contains all words of a held-out one: 0 by construction."""
    groups = _Groups(trained, np.arange(len(trained)))
    known = {word for own in groups.words for word in own}
    return len({row for own in held for form in own if known.issuperset(form) for row in groups._with_all(form)})
