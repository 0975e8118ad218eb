"""A surrogate decision tree that approximates a network, and its fidelity."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aigc_tf.trust.judged import Judged

DEPTH = 4
CELLS = 7
"""The tree's features are mean brightness on a grid of this many rows and columns."""


class Surrogate(NamedTuple):
    """A small tree that approximates a network."""

    rules: str
    """The tree as text, one line per split."""
    fidelity: float
    """On new inputs: for classes the share on which tree and network agree, for scores R², the explained variance."""
    constant: float
    """The same for a tree without splits."""


def surrogate(judged: Judged, learnt: np.ndarray, new: np.ndarray) -> Surrogate:
    """Fit a decision tree of depth 4 (CART, Breiman et al. 1984) to a network's predictions on images.

    Args:
        judged: the network.
        learnt: images float32 `[count, height, width, channels]` in [0, 1] to fit the tree to.
        new: other images, to measure its fidelity on.
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
    """Mean brightness of the cells of a grid: `[count, CELLS * CELLS]`."""
    rows = [part.mean(axis=(1, 3)) for part in np.array_split(images, CELLS, axis=1)]
    return np.stack([column.mean(axis=1) for row in rows for column in np.array_split(row, CELLS, axis=1)], axis=1)
