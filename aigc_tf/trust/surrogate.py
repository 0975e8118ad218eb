"""A decision tree that answers as a network does, and how often it does so."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aigc_tf.trust.judged import Judged

DEPTH = 4
CELLS = 7
"""The tree sees so many means of brightness across and down."""


class Surrogate(NamedTuple):
    """A small tree in place of a network."""

    rules: str
    """The tree, a line for each question."""
    fidelity: float
    """Of classes the share of new inputs that it answers as the network does, of scores R², how much of their variance
    it tells."""
    constant: float
    """The same of a tree without questions."""


def surrogate(judged: Judged, learnt: np.ndarray, new: np.ndarray) -> Surrogate:
    """A decision tree of depth 4 (CART, Breiman et al. 1984) that learns a network's answers to pictures.

    Args:
        judged: the network.
        learnt: pictures float32 `[count, height, width, channels]` in [0, 1], whose answers it learns.
        new: others, on which its fidelity is measured.
    """
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, export_text

    names = [
        f"brightness at row {row + 1}, column {column + 1} of {CELLS}"
        for row in range(CELLS)
        for column in range(CELLS)
    ]
    outputs, expected = judged.outputs(learnt), judged.outputs(new)
    if judged.judgement.names:
        tree = DecisionTreeClassifier(max_depth=DEPTH, random_state=0).fit(_cells(learnt), outputs.argmax(axis=1))
        answers = expected.argmax(axis=1)
        fidelity = float((tree.predict(_cells(new)) == answers).mean())
        most = np.bincount(outputs.argmax(axis=1)).argmax()
        classes = [judged.judgement.names[number] for number in tree.classes_]
        return Surrogate(
            export_text(tree, feature_names=names, class_names=classes), fidelity, float((answers == most).mean())
        )
    tree = DecisionTreeRegressor(max_depth=DEPTH, random_state=0).fit(_cells(learnt), outputs[:, 0])
    return Surrogate(export_text(tree, feature_names=names), float(tree.score(_cells(new), expected[:, 0])), 0.0)


def _cells(images: np.ndarray) -> np.ndarray:
    """Means of brightness of the cells of a grid: `[count, CELLS * CELLS]`."""
    rows = [part.mean(axis=(1, 3)) for part in np.array_split(images, CELLS, axis=1)]
    return np.stack([column.mean(axis=1) for row in rows for column in np.array_split(row, CELLS, axis=1)], axis=1)
