"""Label spreading: few labels propagate to unlabelled pictures along a graph of nearest neighbours."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse

from aigc_tf.optional import needed

COMPONENTS, NEIGHBOURS = 128, 10
KEPT = 0.99
"""Alpha of the paper: the weight of the neighbours in each iteration."""
ITERATIONS = 300
_SHARPNESS = 4.0


View = tuple[np.ndarray, np.ndarray]
"""Vectors `[count, size]` of the pictures that labels spread over, and `[asked, size]` of further pictures."""


def reduced(vectors: np.ndarray, asked: np.ndarray) -> View:
    """A view for `Spreading`: up to 128 principal components, fitted on the first vectors, scaled to unit length.

    Raises:
        InputError: scikit-learn is not installed.
    """
    decomposition = needed("sklearn.decomposition", to="spread labels", extra="benchmark", package="scikit-learn")
    components = decomposition.PCA(min(COMPONENTS, *vectors.shape), random_state=0).fit(vectors)
    return _unit(components.transform(vectors)), _unit(components.transform(asked))


class Spreading:
    """Label spreading (Zhou et al. 2004) with class mass normalisation (Zhu et al. 2003) for equally frequent classes.

    Each picture is connected to its 10 nearest neighbours with weights exp(-4 d² / d₁₀²), where d₁₀ is the distance of
    the tenth (Calder et al. 2020, §4). Further pictures take the classes of their neighbours. scikit-learn's
    `LabelSpreading` has no class mass normalisation, which costs several points with ten labels per class.

    Args:
        views: views of pixels or embeddings, from `reduced`; several are concatenated.
    """

    def __init__(self, *views: View) -> None:
        neighbours = needed("sklearn.neighbors", to="spread labels", extra="benchmark", package="scikit-learn")
        known, further = (np.concatenate(parts, axis=1) for parts in zip(*views, strict=True))
        nearest = neighbours.NearestNeighbors(n_neighbors=NEIGHBOURS).fit(known)
        self.graph = _normalised(*nearest.kneighbors())
        distances, self.neighbours = nearest.kneighbors(further)
        self.weights = _weights(distances)

    def spread(self, rows: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
        """Class probabilities of all pictures, float64 `[count, classes]`, given the labels of a few rows."""
        given = np.zeros((self.graph.shape[0], classes))
        given[rows, labels] = 1.0
        spread = given
        for _ in range(ITERATIONS):
            spread = KEPT * (self.graph @ spread) + (1.0 - KEPT) * given
        spread /= spread.sum(axis=0) + 1e-12  # equal mass per class
        return spread / (spread.sum(axis=1, keepdims=True) + 1e-12)

    def further(self, probabilities: np.ndarray) -> np.ndarray:
        """Classes of the further pictures, int64 `[asked]`, given the probabilities of `spread`."""
        return np.einsum("an,anc->ac", self.weights, probabilities[self.neighbours]).argmax(axis=1)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _weights(distances: np.ndarray) -> np.ndarray:
    """Weights of nearest neighbours from their distances, both `[count, neighbours]`, the nearest first."""
    return np.exp(-_SHARPNESS * distances**2 / np.maximum(distances[:, -1:], 1e-9) ** 2)


def _normalised(distances: np.ndarray, neighbours: np.ndarray) -> sparse.csr_matrix:
    """The symmetric graph D^-½ W D^-½ of nearest neighbours, both `[count, neighbours]`."""
    count = len(neighbours)
    starts = np.arange(0, neighbours.size + 1, neighbours.shape[1])
    one_way = sparse.csr_matrix((_weights(distances).ravel(), neighbours.ravel(), starts), (count, count))
    graph = 0.5 * (one_way + one_way.T)
    scale = sparse.diags(np.asarray(graph.sum(axis=1)).ravel() ** -0.5)
    return (scale @ graph @ scale).tocsr()
