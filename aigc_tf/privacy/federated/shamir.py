"""Secrets in shares of which a given number is needed, and fewer say nothing (Shamir 1979)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

PRIME = 2**521 - 1
"""Of the field; secrets are smaller."""
SHARE_BYTES = 66


def shares_of(secret: bytes, holders: Sequence[int], threshold: int) -> dict[int, bytes]:
    """A share of a secret for each holder: a random polynomial of degree threshold - 1 at the holder's number.

    Args:
        secret: at most 64 bytes.
        holders: their numbers, all different and positive: at 0 the polynomial is the secret.
        threshold: how many shares are needed to know it.

    Raises:
        ValueError: the secret is too long, or the numbers are not as said.
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
    """The secret, by Lagrange's interpolation at 0 over all the shares given.

    Args:
        shares: by the numbers of their holders, at least as many as are needed.
        length: of the secret in bytes.

    Raises:
        ValueError: the shares belong to no secret of that length, as where too few are given.
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
