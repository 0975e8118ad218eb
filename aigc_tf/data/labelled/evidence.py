"""Naive Bayes features for text classification: log-odds of tokens and bigrams, with EM for unlabelled texts."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from aigc_tf.data.assets import Asset
from aigc_tf.errors import InputError

FACTOR = 10_007
"""Multiplier of a bigram's first token in its hash."""
ROUNDS = (0, 1, 2, 4, 8)
"""Candidates for the number of EM rounds, chosen on the labels."""
_LABELLED = 10.0  # weight of a labelled text in EM, in unlabelled texts
_BALANCING = 5  # iterations to match the class shares
_FOLDS = 3
_FACTORS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)
_SEEN = 2  # minimum number of texts with a feature


@dataclass(frozen=True, eq=False)
class Evidence(Asset):
    """log p(feature | class) minus its mean over the classes, scaled; zero for features of fewer than two texts."""

    explains_weights: ClassVar[bool] = False  # other evidence does not change their meaning

    symbols: np.ndarray
    """float32 `[symbols, classes]`."""
    pairs: np.ndarray
    """float32 `[places, classes]`, hash table of bigrams."""

    def to_json(self) -> str:
        """Serialise as 16-bit numbers in base64."""
        parts = {"symbols": self.symbols, "pairs": self.pairs}
        written = {
            name: {"shape": table.shape, "float16": base64.b64encode(table.astype("<f2").tobytes()).decode()}
            for name, table in parts.items()
        }
        return json.dumps(written) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse the output of `to_json`.

        Raises:
            InputError: it is not valid.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            symbols, pairs = (
                np.frombuffer(base64.b64decode(fields[name]["float16"]), "<f2").reshape(fields[name]["shape"])
                for name in ("symbols", "pairs")
            )
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"evidence.json is not the evidence of tokens and pairs: {error}") from None
        return cls(symbols.astype(np.float32), pairs.astype(np.float32))


def pair_places(tokens: np.ndarray, places: int) -> np.ndarray:
    """Hash table positions of the bigrams of tokens int32 `[time]`: `[time - 1]`."""
    return (tokens[:-1].astype(np.int64) * FACTOR + tokens[1:]) % places


def sums_of(evidence: Evidence, rows: Sequence[np.ndarray]) -> np.ndarray:
    """The evidence for rows of tokens: its sum over the root of the number of features, `[rows, classes]`."""
    places = len(evidence.pairs)
    return np.array(
        [
            (evidence.symbols[row[1:]].sum(axis=0) + evidence.pairs[pair_places(row, places)].sum(axis=0))
            / np.sqrt(max(1, 2 * len(row) - 2))
            for row in rows
        ],
        np.float32,
    ).reshape(len(rows), evidence.symbols.shape[1])


def calibrated_evidence(
    rows: Sequence[np.ndarray], labels: np.ndarray, classes: int, symbols: int, places: int
) -> tuple[Evidence, np.ndarray]:
    """Evidence scaled so that its sums are logits, and out-of-fold sums for the labelled texts.

    Each of three folds of the labelled texts is scored by evidence from the other two. The number of EM rounds, 0 to 8,
    and the factor, 0.25 to 4, minimise the loss (stacking: Wolpert 1992). If a class has a single label this cannot be
    measured: there are no rounds, the factor is 1, and the sums are zeros.

    Args:
        rows: as in `learn_evidence`, like the next four.
        labels: see there.
        classes: see there.
        symbols: see there.
        places: see there; 0 disables the evidence.

    Returns:
        The evidence, and float32 `[texts, classes]`, zeros for texts without a label.
    """
    unseen = np.zeros((len(ROUNDS), len(rows), classes), np.float32)
    if not places:
        return Evidence(np.zeros((symbols, classes), np.float32), np.zeros((1, classes), np.float32)), unseen[0]
    whole = learn_evidence(rows, labels, classes, symbols, places, labels < 0)
    labelled = np.argsort(labels, kind="stable")[np.sum(labels < 0) :]  # sorted by class: each fold gets some of all
    folds = min(_FOLDS, int(np.bincount(labels[labelled], minlength=classes).min()))
    if folds < 2:
        return whole[0], unseen[0]
    for fold in range(folds):
        hidden = labelled[fold::folds]
        others = labels.copy()
        others[hidden] = -1
        for place, of_others in enumerate(learn_evidence(rows, others, classes, symbols, places, labels < 0)):
            unseen[place, hidden] = sums_of(of_others, [rows[row] for row in hidden])
    choices = itertools.product(range(len(whole)), _FACTORS)
    place, factor = min(choices, key=lambda choice: _nats(choice[1] * unseen[choice[0], labelled], labels[labelled]))
    tables = (
        np.asarray(factor * table, np.float16).astype(np.float32)
        for table in (whole[place].symbols, whole[place].pairs)
    )
    return Evidence(*tables), (factor * unseen[place]).astype(np.float32)


def _nats(logits: np.ndarray, labels: np.ndarray) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]).mean())


def learn_evidence(
    rows: Sequence[np.ndarray], labels: np.ndarray, classes: int, symbols: int, places: int, guessed: np.ndarray
) -> list[Evidence]:
    """Naive Bayes over the presence of tokens and bigrams (Wang & Manning 2012, §2.1).

    Unlabelled texts get soft labels from the current evidence, in rounds of EM (Nigam et al. 2000, §5.1): evidence is
    divided by the root of the number of features, and class shares stay those of the labels.

    Args:
        rows: tokens of each text, int32, with the start token first.
        labels: int32 `[texts]`, negative if unlabelled.
        classes: number of classes.
        symbols: size of the vocabulary.
        places: size of the hash table of bigrams.
        guessed: bool `[texts]`, which of the unlabelled texts to use.

    Returns:
        The evidence after each of `ROUNDS`; only the first if no unlabelled text is used.
    """
    known = labels >= 0
    used = known | guessed
    rows, labels, known = [row for row, use in zip(rows, used, strict=True) if use], labels[used], known[used]
    features, owners = _features(rows, symbols, places)
    seen = np.bincount(features, minlength=symbols + places) >= _SEEN
    features, owners = features[seen[features]], owners[seen[features]]
    norms = np.sqrt(np.maximum(np.bincount(owners, minlength=len(rows)), 1))
    shares = np.bincount(labels[known], minlength=classes) / known.sum()
    beliefs = np.zeros((len(rows), classes))
    beliefs[np.flatnonzero(known), labels[known]] = 1
    table = _log_ratios(features, owners, beliefs, symbols + places)
    found = []
    for turn in range(1 if known.all() else ROUNDS[-1] + 1):
        if turn:
            scores = np.stack([np.bincount(owners, column[features], len(rows)) for column in table.T], axis=1)
            guesses = _balanced(scores / norms[:, None], shares)
            table = _log_ratios(
                features, owners, np.where(known[:, None], _LABELLED * beliefs, guesses), symbols + places
            )
        if turn in ROUNDS:
            kept = (table * seen[:, None]).astype(np.float32)
            found.append(Evidence(kept[:symbols], kept[symbols:]))
    return found


def _features(rows: Sequence[np.ndarray], symbols: int, places: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct features of all texts, concatenated, and the text of each; bigrams follow tokens."""
    found = [np.unique(np.concatenate([row[1:], symbols + pair_places(row, places)])) for row in rows]
    return np.concatenate(found), np.repeat(np.arange(len(rows)), [len(each) for each in found])


def _log_ratios(features: np.ndarray, owners: np.ndarray, beliefs: np.ndarray, count: int) -> np.ndarray:
    """`[count, classes]`, with add-one smoothing."""
    counts = np.stack([np.bincount(features, belief[owners], count) for belief in beliefs.T], axis=1) + 1
    logs = np.log(counts) - np.log(counts.sum(axis=0))
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def _balanced(scores: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Probabilities from scores `[texts, classes]`, adjusted to match the class shares."""
    moved = scores.copy()
    for _ in range(_BALANCING):
        found = np.exp(moved - moved.max(axis=1, keepdims=True))
        found /= found.sum(axis=1, keepdims=True)
        moved += np.log(shares / found.mean(axis=0))
    found = np.exp(moved - moved.max(axis=1, keepdims=True))
    return np.asarray(found / found.sum(axis=1, keepdims=True))
