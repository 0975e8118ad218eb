"""Shamir's secret sharing: a given number of shares reconstructs a secret, fewer reveal nothing (Shamir 1979)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

PRIME = 2**521 - 1
"""Order of the prime field; secrets are smaller."""
SHARE_BYTES = 66


def shares_of(secret: bytes, holders: Sequence[int], threshold: int) -> dict[int, bytes]:
    """A share of a secret for each holder: a random polynomial of degree threshold - 1 at the holder's number.

    Args:
        secret: at most 64 bytes.
        holders: their numbers, all different and positive: at 0 the polynomial is the secret.
        threshold: how many shares are needed to reconstruct it.

    Raises:
        ValueError: the secret is too long, or the numbers are not positive and distinct.
    """
    if len(secret) >= SHARE_BYTES - 1 or len(set(holders)) < len(holders) or min(holders) < 1:
        raise ValueError("a secret has at most 64 bytes, and holders have different positive numbers")
    if not 1 <= threshold <= len(holders):
        raise ValueError(f"threshold is {threshold}: there are {len(holders)} holders")
    coefficients = [int.from_bytes(secret), *(secrets.randbelow(PRIME) for _ in range(threshold - 1))]

    def at(number: int) -> int:
        value = 0
        for coefficient in reversed(coefficients):
            value = (value * number + coefficient) % PRIME
        return value

    return {holder: at(holder).to_bytes(SHARE_BYTES) for holder in holders}


def secret_of(shares: Mapping[int, bytes], length: int) -> bytes:
    """Reconstruct a secret by Lagrange interpolation at 0 over all given shares.

    Args:
        shares: by the numbers of their holders, at least as many as are needed.
        length: of the secret in bytes.

    Raises:
        ValueError: the shares give no secret of that length, for example because there are too few.
    """
    total = 0
    for holder, share in shares.items():
        above = below = 1
        for other in shares:
            if other != holder:
                above = above * other % PRIME
                below = below * (other - holder) % PRIME
        total += int.from_bytes(share) * above * pow(below, -1, PRIME)
    try:
        return (total % PRIME).to_bytes(length)
    except OverflowError:
        raise ValueError(f"these {len(shares)} shares belong to no secret of {length} bytes") from None
