"""Aggregation of the clients' updates: their mean, in plain text, by secure or homomorphic sums, or with noise."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.federated.homomorphic import homomorphic_sum
from aigc_tf.privacy.federated.secure import Sum, secure_sum

RANGE_BITS = 5  # values in secure sums lie within ±2⁵
FLOAT_BYTES = 4
_NOISE = 1  # a random stream separate from that of client sampling


class Combined(NamedTuple):
    """The outcome of a round."""

    change: np.ndarray | None
    """Change of the server's weights, float32 `[any]`; None if too few clients answered."""
    sent: int
    """Bytes from all clients to the server."""
    received: int
    """Bytes from the server to all clients, excluding the weights themselves."""


@dataclass(frozen=True)
class Aggregation:
    """The server's part of a round."""

    sizes: tuple[int, ...]
    """Training examples of each client."""
    secure: bool
    """Whether the server sees only sums (secure aggregation)."""
    guarantee: Guarantee | None
    """Of clients: updates are clipped and their sum is noised; None weights clients by their number of examples."""
    seed: int
    """Of the noise."""
    homomorphic: bool = False
    """Whether the server adds encrypted updates and a client decrypts the sum; not together with `secure`."""

    def combine(self, changes: Mapping[int, np.ndarray], dropped: Set[int], round_number: int, size: int) -> Combined:
        """The mean of the clients' updates.

        Args:
            changes: float32 `[size]`, of each client that answered, by its number from 0 on.
            dropped: sampled clients that did not answer.
            round_number: from 0 on.
            size: of a change.

        Raises:
            InputError: a change is too large for a secure sum.
        """
        parts = {client: self._counted(client, change) for client, change in changes.items()}
        total, sent, received = self._sum(parts, dropped, size)
        if total is not None and self.guarantee is not None:  # also when nobody answered, so that this is not revealed
            return Combined(self._noised(total, self.guarantee, round_number), sent, received)
        weight = sum(self._weight(client) for client in parts)
        return Combined(None if total is None or not parts else (total / weight).astype(np.float32), sent, received)

    def _weight(self, client: int) -> float:
        """A client's weight, proportional to its number of examples, with mean 1; known to all."""
        return 1.0 if self.guarantee is not None else self.sizes[client] * len(self.sizes) / sum(self.sizes)

    def _counted(self, client: int, change: np.ndarray) -> np.ndarray:
        """A client's contribution: its update times its weight, or clipped to the guarantee's norm; float64 `[any]`."""
        if self.guarantee is None or self.guarantee.clip_norm is None:
            return change.astype(np.float64) * self._weight(client)
        norm = float(np.linalg.norm(change.astype(np.float64)))
        return change.astype(np.float64) * min(1.0, self.guarantee.clip_norm / max(norm, 1e-30))

    def _noised(self, total: np.ndarray, guarantee: Guarantee, round_number: int) -> np.ndarray:
        """The sum with normal noise, divided by the expected number of clients (McMahan et al. 2018, algorithm 1)."""
        assert guarantee.clip_norm is not None
        deviation = guarantee.noise_multiplier * guarantee.clip_norm
        noise = np.random.default_rng((self.seed, round_number, _NOISE)).normal(0.0, deviation, len(total))
        return ((total + noise) / guarantee.expected_batch).astype(np.float32)

    def _sum(self, parts: Mapping[int, np.ndarray], dropped: Set[int], size: int) -> Sum:
        """The sum of the clients' contributions; in plain text if there are none."""
        if self.secure and parts:
            return self._secure(parts, dropped)
        return homomorphic_sum(parts) if self.homomorphic and parts else _open(parts, size)

    def _secure(self, parts: Mapping[int, np.ndarray], dropped: Set[int]) -> Sum:
        """The same sum by secure aggregation, in fixed-point numbers; see `whole`."""
        bits = fraction_bits(len(parts) + len(dropped))
        vectors = {client + 1: whole(part, bits) for client, part in parts.items()}
        total, sent, received = secure_sum(vectors, {client + 1 for client in dropped})
        return Sum(None if total is None else total.view(np.int32) / 2.0**bits, sent, received)


def _open(parts: Mapping[int, np.ndarray], size: int) -> Sum:
    """The sum of vectors that are sent in plain text, as float32."""
    total = np.zeros(size)
    for part in parts.values():
        total += part.astype(np.float32)
    return Sum(total, FLOAT_BYTES * size * len(parts), 0)


def fraction_bits(clients: int) -> int:
    """Fractional bits with which the sum over `clients` clients fits into 32 bits."""
    return 31 - RANGE_BITS - clients.bit_length()


def whole(values: np.ndarray, bits: int) -> np.ndarray:
    """Fixed-point numbers modulo 2³², uint32, rounded towards zero so that a clipped norm stays within its bound.

    Raises:
        InputError: a value is out of range.
    """
    largest = float(np.abs(values).max(initial=0.0))
    if not largest < 2**RANGE_BITS:
        raise InputError(
            f"a client has changed a weight by {largest:.3g}: secure sums hold less than {2**RANGE_BITS}, "
            "train in more rounds or with a lower learning rate"
        )
    return np.trunc(values * 2.0**bits).astype(np.int64).astype(np.uint32)
