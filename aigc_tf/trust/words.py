"""Adversarial word substitution: tokens are replaced by similar ones until a classifier's prediction is wrong."""

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
"""Share of a text's tokens that may be replaced."""
GREEDY, RANDOM = "chosen", "at random"


Choices = Callable[[int], np.ndarray]
"""A token -> its candidate replacements, int32 `[choices]`."""


class Swapped(NamedTuple):
    """A text after an attack."""

    tokens: np.ndarray
    """int32 `[time]`."""
    swaps: float
    """Share of the tokens replaced when the prediction became wrong; infinite if it never did."""


def neighbours(model: TextClassifier) -> np.ndarray:
    """Nearest neighbours of each token by cosine of embeddings, nearest first: int32 `[symbols, NEIGHBOURS]`.

    Special tokens, up to the unknown one and the start token, are nobody's neighbours.
    """
    embedding = next(layer for layer in model.networks.sequence.layers if isinstance(layer, keras.layers.Embedding))
    vectors = embedding.get_weights()[0]
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    likeness[:, [*range(UNKNOWN + 1), model.vocabulary.start]] = -np.inf
    return np.argsort(-likeness, axis=1)[:, :NEIGHBOURS].astype(np.int32)


def attack(model: TextClassifier, tokens: np.ndarray, label: int, near: np.ndarray) -> Swapped:
    """Greedy substitution: the token whose removal hurts the true class most first, by the worst neighbour.

    As Jin et al. 2020 (TextFooler, algorithm 1), with neighbours in the classifier's own embedding, and without its
    grammar and meaning filters.

    Args:
        model: the classifier to attack.
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
    """Replaces tokens in random order by random neighbours, as a baseline; see `attack`."""
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
    """The effect of word substitution on a classifier."""

    accuracy: dict[str, list[float]]
    """Accuracy by attack: without substitution, and with at most each of `SHARES` replaced."""
    examples: list[tuple[str, str]]
    """Texts before and after a substitution that changed the prediction."""
    texts: int


def word_attack(model: TextClassifier, source: Any, count: int, seed: int = 0) -> WordAttack:
    """Accuracy on test texts of at least two tokens, by the share of tokens that may be replaced.

    Args:
        model: the classifier to attack.
        source: labelled texts.
        count: number of texts, at most.
        seed: of the random substitutions.
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
