"""Secure aggregation (Bonawitz et al. 2017, figure 4): a server learns the sum of vectors, and no single one.

Each pair of clients agrees on a mask that one adds and the other subtracts, and each client adds one more of its own.
The server takes the masks off with shares of their seeds that the other clients hold: those of their own masks for
clients that answered, the keys of the pairs' masks for clients that dropped out, never both of one client. It is the
version against a server that follows the protocol and keeps what it sees ("honest but curious"): keys and lists of
clients are not signed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Set
from typing import Any, NamedTuple

import numpy as np

from aigc_tf.optional import needed
from aigc_tf.privacy.federated.shamir import SHARE_BYTES, secret_of, shares_of

_KEY_BYTES = 32


class Keys(NamedTuple):
    """What a client tells all others: public keys, 32 bytes each."""

    sealing: bytes
    """Messages to it are encrypted for this one, c of the paper."""
    masking: bytes
    """Masks are agreed upon with this one, s of the paper."""


class Client:
    """One that has a vector; its methods are the rounds of the protocol, in their order.

    Args:
        number: positive, another one for each client.

    Raises:
        InputError: the package cryptography is not there.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self._sealing, self._masking, self._own_seed = (os.urandom(_KEY_BYTES) for _ in range(3))

    def keys(self) -> Keys:
        """Round 0: the public halves of two new pairs of keys."""
        return Keys(_public(self._sealing), _public(self._masking))

    def shares(self, keys: Mapping[int, Keys], threshold: int) -> dict[int, bytes]:
        """Round 1: for each other client, encrypted, a share of both secrets of this one.

        Args:
            keys: of all clients, by number.
            threshold: shares that are needed to know a secret.
        """
        self._keys, self._held, self._threshold = dict(keys), {}, threshold
        holders = sorted(keys)
        both = [shares_of(secret, holders, threshold) for secret in (self._own_seed, self._masking)]
        self._held[self.number] = tuple(shares[self.number] for shares in both)
        return {
            other: _sealed(self._sealing, keys[other].sealing, self.number, both[0][other] + both[1][other])
            for other in holders
            if other != self.number
        }

    def masked(self, sealed: Mapping[int, bytes], values: np.ndarray) -> np.ndarray:
        """Round 2: the vector with all its masks on, which says nothing of it.

        Args:
            sealed: the shares that others have sent to this client, by sender; with those it shares a mask.
            values: uint32 `[any]`; sums are modulo 2³².
        """
        for sender, message in sealed.items():
            opened = _opened(self._sealing, self._keys[sender].sealing, sender, message)
            self._held[sender] = (opened[:SHARE_BYTES], opened[SHARE_BYTES:])
        total: np.ndarray = values + _mask(self._own_seed, len(values))
        for other in sealed:
            total += _between(self._masking, self._keys[other].masking, self.number, other, len(values))
        return total

    def unmask(self, answered: Set[int]) -> dict[int, bytes]:
        """Round 3: a share of a secret of each client: of its own mask's seed if it answered, or else of its key.

        It is told once: a client that answers twice could tell both secrets of another.

        Args:
            answered: those whose masked vectors the server has.

        Raises:
            ValueError: it is asked again, or fewer answered than the threshold, which their sum would tell of.
        """
        if len(answered) < self._threshold:
            raise ValueError(f"{len(answered)} clients answered: {self._threshold} are needed")
        held, self._held = self._held, {}
        if not held:
            raise ValueError(f"client {self.number} is asked for shares a second time")
        return {sender: shares[0] if sender in answered else shares[1] for sender, shares in held.items()}


def total_of(
    masked: Mapping[int, np.ndarray], shares: Mapping[int, Mapping[int, bytes]], keys: Mapping[int, Keys]
) -> np.ndarray:
    """What the server learns: the sum of the vectors of those who answered, uint32 `[any]`.

    Args:
        masked: what answered, by client.
        shares: what `Client.unmask` gave, by its holder, each by whose secret it is; at least the threshold of them.
        keys: of all clients that have shared their secrets.

    Raises:
        ValueError: there are too few shares.
    """
    total: np.ndarray = np.stack(list(masked.values())).sum(axis=0, dtype=np.uint32)
    for client in keys:
        secret = secret_of({holder: told[client] for holder, told in shares.items()}, _KEY_BYTES)
        if client in masked:
            total -= _mask(secret, len(total))
            continue
        for other in masked:  # what they have added for the pair is left over
            total -= _between(secret, keys[other].masking, other, client, len(total))
    return total


class Sum(NamedTuple):
    """What a run of the protocol ended with."""

    total: np.ndarray | None
    """`[any]`, of the type of the vectors; None if too few clients were left."""
    sent: int
    """Bytes that clients have sent, in all."""
    received: int
    """Bytes that clients have received, in all, apart from what the vectors were made of."""


def secure_sum(vectors: Mapping[int, np.ndarray], dropped: Set[int] = frozenset()) -> Sum:
    """The sum of the vectors of several clients, by all messages of the protocol.

    Args:
        vectors: uint32 `[any]`, by client, from 1 on.
        dropped: further clients, which share their secrets and are not heard of again.
    """
    clients = {number: Client(number) for number in sorted({*vectors, *dropped})}
    threshold = len(clients) // 2 + 1
    keys = {number: client.keys() for number, client in clients.items()}
    sealed = {number: client.shares(keys, threshold) for number, client in clients.items()}
    count = len(clients)
    messages = sum(len(message) for sent in sealed.values() for message in sent.values())
    sent, received = 2 * _KEY_BYTES * count + messages, 2 * _KEY_BYTES * count * count + messages
    if len(vectors) < threshold:
        return Sum(None, sent, received)
    masked = {
        number: clients[number].masked({other: sealed[other][number] for other in clients if other != number}, vector)
        for number, vector in vectors.items()
    }
    shares = {number: clients[number].unmask(masked.keys()) for number in masked}
    sent += sum(vector.nbytes for vector in masked.values()) + len(masked) * count * SHARE_BYTES
    return Sum(total_of(masked, shares, keys), sent, received)


def _public(secret: bytes) -> bytes:
    key: bytes = _library().x25519.X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    return key


def _agreed(secret: bytes, public: bytes, purpose: bytes) -> bytes:
    """32 bytes that only the two owners of the keys know (X25519, HKDF)."""
    library = _library()
    private = library.x25519.X25519PrivateKey.from_private_bytes(secret)
    shared = private.exchange(library.x25519.X25519PublicKey.from_public_bytes(public))
    key: bytes = library.HKDF(library.hashes.SHA256(), _KEY_BYTES, None, purpose).derive(shared)
    return key


def _sealed(secret: bytes, public: bytes, sender: int, message: bytes) -> bytes:
    """Encrypted and authenticated; each key encrypts one message in each direction, told apart by the nonce."""
    box = _library().ChaCha20Poly1305(_agreed(secret, public, b"shares"))
    found: bytes = box.encrypt(sender.to_bytes(12), message, None)
    return found


def _opened(secret: bytes, public: bytes, sender: int, message: bytes) -> bytes:
    box = _library().ChaCha20Poly1305(_agreed(secret, public, b"shares"))
    found: bytes = box.decrypt(sender.to_bytes(12), message, None)
    return found


def _mask(seed: bytes, count: int) -> np.ndarray:
    """Pseudo-random numbers, uint32 `[count]` (ChaCha20 of a seed that is used once)."""
    library = _library()
    stream = library.Cipher(library.ChaCha20(seed, bytes(16)), None).encryptor().update(bytes(4 * count))
    return np.frombuffer(stream, "<u4")


def _between(secret: bytes, public: bytes, own: int, other: int, count: int) -> np.ndarray:
    """What the client `own` adds for its pair with `other`: what that one adds is its negative, modulo 2³²."""
    mask = _mask(_agreed(secret, public, b"mask"), count)
    return mask if own < other else -mask


def _library() -> Any:
    """What is used of the package cryptography."""
    needed("cryptography", to="aggregate updates securely", extra="privacy")
    from aigc_tf.privacy.federated import ciphers

    return ciphers
