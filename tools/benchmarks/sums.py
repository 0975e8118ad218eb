"""Cost of summing clients' updates: plain, masked, and encrypted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_tf.privacy.federated.aggregation import Aggregation
from tools.benchmarks.tables import markdown

WAYS = {"in the open": (False, False), "masks (secure aggregation)": (True, False), "homomorphic (CKKS)": (False, True)}


def sums(clients: int, weights: int) -> list[dict[str, Any]]:
    """One row per method: seconds of all parties together in one process, bytes, and the maximum error of the mean.

    Args:
        clients: number of clients that respond.
        weights: number of weights that each of them sends.
    """
    random = np.random.default_rng(0)
    changes = {client: random.normal(0, 0.01, weights).astype(np.float32) for client in range(clients)}
    mean = np.mean([change.astype(np.float64) for change in changes.values()], axis=0)
    rows = []
    for way, (secure, homomorphic) in WAYS.items():
        aggregation = Aggregation((1,) * clients, secure, None, 0, homomorphic)
        aggregation.combine({0: changes[0][:1], 1: changes[1][:1]}, set(), 0, 1)  # warm-up: imports
        started = time.perf_counter()
        found = aggregation.combine(changes, set(), 0, weights)
        seconds = time.perf_counter() - started
        assert found.change is not None
        sent, received = found.sent / clients / weights, found.received / clients / weights
        error = float(np.abs(found.change - mean).max())
        rows.append({"sum": way, "seconds": seconds, "sent, B per weight": sent, "received": received, "error": error})
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    return markdown(list(rows[0]), [list(row.values()) for row in rows])
