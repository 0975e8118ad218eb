"""Baselines of recommenders: popularity, item-kNN, and EASE in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

POPULARITY, NEIGHBOURS, EASE = "popularity", "item-kNN", "EASE"
MAX_DENSE = 15_000
"""Users or items, whichever are fewer, up to which EASE's matrix is inverted: 1.8 GB."""
_BLOCK = 500  # items per block of the neighbour search


def popularity_scores(liked: Any, given: Any) -> np.ndarray:
    """How many training users like each item, the same for all users: float64 `[users, items]`.

    Args:
        liked: CSR `[training users, items]` of ones.
        given: CSR `[users, items]` of what the users like.
    """
    counts = np.asarray(liked.sum(axis=0), np.float64).ravel()
    return np.tile(counts, (given.shape[0], 1))


def neighbour_scores(liked: Any, given: Any, neighbours: int, shrinkage: float) -> np.ndarray:
    """Item-kNN: sums of cosine similarities to the given items (Sarwar et al. 2001), float64 `[users, items]`.

    Args:
        liked: CSR `[training users, items]` of ones.
        given: CSR `[users, items]` of what the users like.
        neighbours: number of nearest neighbours of each item that count.
        shrinkage: added to the denominator, since similarities of rare items are less reliable.
    """
    columns = liked.tocsc()
    norms = np.sqrt(np.asarray(liked.multiply(liked).sum(axis=0), np.float64).ravel())
    rows = []
    for at in range(0, liked.shape[1], _BLOCK):
        block = slice(at, min(at + _BLOCK, liked.shape[1]))
        near = (columns[:, block].T @ liked).toarray() / (np.outer(norms[block], norms) + shrinkage)
        near[np.arange(near.shape[0]), np.arange(at, at + near.shape[0])] = 0  # an item is not its own neighbour
        if neighbours < near.shape[1]:
            least = np.partition(near, -neighbours, axis=1)[:, -neighbours, None]
            near[near < least] = 0
        rows.append(sparse.csr_matrix(near))
    return np.asarray((given @ sparse.vstack(rows).tocsr().T).toarray(), np.float64)


def ease_scores(liked: Any, given: Any, regularisation: float) -> np.ndarray:
    """EASE (Steck 2019, eq. 8): a linear autoencoder of items without self-similarity, in closed form.

    With P = (XᵀX + λ)⁻¹ its weights are B = 1 - P diag(1/P). If there are fewer users than items, Woodbury's identity
    needs only the inverse of a users-by-users matrix: P = (1 - Xᵀ (XXᵀ + λ)⁻¹ X) / λ.

    Args:
        liked: CSR `[training users, items]` of ones.
        given: CSR `[users, items]` of what the users like.
        regularisation: λ.

    Returns:
        float64 `[users, items]`.
    """
    known = np.asarray(liked.toarray(), np.float64)
    asked = np.asarray(given.toarray(), np.float64)
    users, items = known.shape
    if users < items:
        inner = np.linalg.solve(known @ known.T + regularisation * np.eye(users), known)
        diagonal = (1 - np.einsum("ui,ui->i", known, inner)) / regularisation
        projected = (asked - (asked @ known.T) @ inner) / regularisation
    else:
        inverse = np.linalg.inv(known.T @ known + regularisation * np.eye(items))
        diagonal, projected = np.diag(inverse), asked @ inverse
    return asked - projected / diagonal
