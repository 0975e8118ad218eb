"""Adversarial words: symbols of a text swapped for near ones until a classifier answers wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from aigc_tf.data.progress import progress
from aigc_tf.data.source import evenly
from aigc_tf.data.text.vocabulary import UNKNOWN
from aigc_tf.families.text.classification.model import TextClassifier

NEIGHBOURS = 8
SHARES = (0.05, 0.1, 0.2, 0.3)
"""Of a text's symbols, that may be swapped."""
GREEDY, RANDOM = "chosen", "at random"


Choices = Callable[[int], np.ndarray]
"""A symbol -> what it may be swapped for, int32 `[choices]`."""


class Swapped(NamedTuple):
    """A text after an attack."""

    tokens: np.ndarray
    """int32 `[time]`."""
    swaps: float
    """Share of the symbols that were swapped when the answer became wrong; infinite if it never did."""


def neighbours(model: TextClassifier) -> np.ndarray:
    """Of each symbol the nearest ones by the cosine of their vectors, nearest first: int32 `[symbols, NEIGHBOURS]`.

    Symbols that are not text, up to the unknown one and the start token, are nobody's neighbours.
    """
    embedding = next(layer for layer in model.networks.sequence.layers if isinstance(layer, keras.layers.Embedding))
    vectors = embedding.get_weights()[0]
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    likeness[:, [*range(UNKNOWN + 1), model.vocabulary.start]] = -np.inf
    return np.argsort(-likeness, axis=1)[:, :NEIGHBOURS].astype(np.int32)


def attack(model: TextClassifier, tokens: np.ndarray, label: int, near: np.ndarray) -> Swapped:
    """Swaps greedily: the symbol without which the true class loses most first, for the neighbour that costs most.

    As Jin et al. 2020 (TextFooler, algorithm 1), with neighbours in the classifier's own embedding, and without its
    filters of grammar and meaning.

    Args:
        model: that is attacked.
        tokens: int32 `[time]`, the start token first.
        label: the true class.
        near: what `neighbours` gives.
    """
    without = np.repeat(tokens[None], len(tokens), axis=0)
    np.fill_diagonal(without, UNKNOWN)
    order = 1 + np.argsort(model.probabilities_of(list(without[1:]))[:, label], kind="stable")
    return _swapped(model, tokens, label, order, lambda token: near[token])


def random_attack(
    model: TextClassifier, tokens: np.ndarray, label: int, near: np.ndarray, random: np.random.Generator
) -> Swapped:
    """Swaps symbols in any order, each for any one of its neighbours; see `attack`."""
    order = 1 + random.permutation(len(tokens) - 1)
    return _swapped(model, tokens, label, order, lambda token: random.choice(near[token], 1))


def _swapped(model: TextClassifier, tokens: np.ndarray, label: int, order: np.ndarray, choices: Choices) -> Swapped:
    found, symbols = tokens.copy(), len(tokens) - 1
    (probabilities,) = model.probabilities_of([found])
    if probabilities.argmax() != label:
        return Swapped(found, 0.0)
    for swaps, place in enumerate(order[: max(1, int(SHARES[-1] * symbols))], 1):
        tried = [np.concatenate([found[:place], [choice], found[place + 1 :]]) for choice in choices(tokens[place])]
        probabilities = model.probabilities_of([row.astype(np.int32) for row in tried])
        best = int(probabilities[:, label].argmin())
        found = tried[best].astype(np.int32)
        if probabilities[best].argmax() != label:
            return Swapped(found, swaps / symbols)
    return Swapped(found, np.inf)


class WordAttack(NamedTuple):
    """What swaps do to a classifier."""

    accuracy: dict[str, list[float]]
    """By how swaps are chosen: without any, and with at most each of `SHARES`."""
    examples: list[tuple[str, str]]
    """Texts before and after a swap that changed the answer."""
    texts: int


def word_attack(model: TextClassifier, source: Any, count: int, seed: int = 0) -> WordAttack:
    """The accuracy on test texts of two symbols at least, by the share of symbols that may be swapped.

    Args:
        model: that is attacked.
        source: of labelled texts.
        count: texts, at most.
        seed: of the swaps at random.
    """
    part = source.part("test").labelled()
    near, random = neighbours(model), np.random.default_rng(seed)
    shares: dict[str, list[float]] = {GREEDY: [], RANDOM: []}
    examples = []
    for row in progress(list(evenly(len(part), count)), count, "texts attacked"):
        tokens, label = part.tokens[row], int(part.labels[row])
        if len(tokens) < 3:
            continue
        found = attack(model, tokens, label, near)
        shares[GREEDY].append(found.swaps)
        shares[RANDOM].append(random_attack(model, tokens, label, near, random).swaps)
        if 0 < found.swaps < np.inf:
            examples.append((model.vocabulary.decode(tokens[1:]), model.vocabulary.decode(found.tokens[1:])))
    accuracy = {
        name: [float(np.mean(np.array(values) > share)) for share in (0.0, *SHARES)] for name, values in shares.items()
    }
    return WordAttack(accuracy, examples, len(shares[GREEDY]))
