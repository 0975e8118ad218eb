"""Secure aggregation (Bonawitz et al. 2017, figure 4): a server learns only the sum of the clients' vectors.

Each pair of clients agrees on a mask that one adds and the other subtracts, and each client adds a second mask of its
own. The server removes the masks with secret shares held by the other clients: of the own mask's seed for clients that
answered, of the key of the pairwise masks for clients that dropped out, never both for one client. This is the version
against an honest-but-curious server: keys and lists of clients are not signed.
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
    """The public keys that a client sends to all others, 32 bytes each."""

    sealing: bytes
    """For encrypting messages to the client, c of the paper."""
    masking: bytes
    """For agreeing on pairwise masks, s of the paper."""


class Client:
    """A client with a vector; its methods are the rounds of the protocol, in order.

    Args:
        number: positive and unique among the clients.

    Raises:
        InputError: the package cryptography is not installed.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self._sealing, self._masking, self._own_seed = (os.urandom(_KEY_BYTES) for _ in range(3))

    def keys(self) -> Keys:
        """Round 0: the public keys of two new key pairs."""
        return Keys(_public(self._sealing), _public(self._masking))

    def shares(self, keys: Mapping[int, Keys], threshold: int) -> dict[int, bytes]:
        """Round 1: for each other client, an encrypted share of both of this client's secrets.

        Args:
            keys: of all clients, by number.
            threshold: number of shares needed to reconstruct a secret.
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
        """Round 2: the masked vector, which reveals nothing about the vector.

        Args:
            sealed: the shares that others have sent to this client, by sender; it has a pairwise mask with each of
                them.
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
        """Round 3: one secret share per client: of its own mask's seed if it answered, or else of its key.

        Only one call is allowed: answering twice could reveal both secrets of a client.

        Args:
            answered: those whose masked vectors the server has.

        Raises:
            ValueError: it is called again, or fewer clients answered than the threshold, so that the sum could expose
                them.
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
    """The server's part: the sum of the vectors of those who answered, uint32 `[any]`.

    Args:
        masked: the masked vectors received, by client.
        shares: results of `Client.unmask` by holder, each by the owner of the secret; at least the threshold of them.
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
        for other in masked:  # their pairwise masks with the dropout remain in the sum
            total -= _between(secret, keys[other].masking, other, client, len(total))
    return total


class Sum(NamedTuple):
    """The outcome of a run of the protocol."""

    total: np.ndarray | None
    """`[any]`, of the type of the vectors; None if too few clients remained."""
    sent: int
    """Total bytes sent by clients."""
    received: int
    """Total bytes received by clients, excluding what the vectors were computed from."""


def secure_sum(vectors: Mapping[int, np.ndarray], dropped: Set[int] = frozenset()) -> Sum:
    """The sum of the vectors of several clients, running the whole protocol.

    Args:
        vectors: uint32 `[any]`, by client, from 1 on.
        dropped: further clients, which share their secrets and then drop out.
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
    """A 32-byte key that only the two owners of the keys know (X25519, HKDF)."""
    library = _library()
    private = library.x25519.X25519PrivateKey.from_private_bytes(secret)
    shared = private.exchange(library.x25519.X25519PublicKey.from_public_bytes(public))
    key: bytes = library.HKDF(library.hashes.SHA256(), _KEY_BYTES, None, purpose).derive(shared)
    return key


def _sealed(secret: bytes, public: bytes, sender: int, message: bytes) -> bytes:
    """Authenticated encryption; each key encrypts one message in each direction, distinguished by the nonce."""
    box = _library().ChaCha20Poly1305(_agreed(secret, public, b"shares"))
    found: bytes = box.encrypt(sender.to_bytes(12), message, None)
    return found


def _opened(secret: bytes, public: bytes, sender: int, message: bytes) -> bytes:
    box = _library().ChaCha20Poly1305(_agreed(secret, public, b"shares"))
    found: bytes = box.decrypt(sender.to_bytes(12), message, None)
    return found


def _mask(seed: bytes, count: int) -> np.ndarray:
    """Pseudo-random numbers, uint32 `[count]` (ChaCha20 with a single-use seed)."""
    library = _library()
    stream = library.Cipher(library.ChaCha20(seed, bytes(16)), None).encryptor().update(bytes(4 * count))
    return np.frombuffer(stream, "<u4")


def _between(secret: bytes, public: bytes, own: int, other: int, count: int) -> np.ndarray:
    """The pairwise mask that client `own` adds for `other`, who adds its negative modulo 2³²."""
    mask = _mask(_agreed(secret, public, b"mask"), count)
    return mask if own < other else -mask


def _library() -> Any:
    """The parts of the package cryptography that are used here."""
    needed("cryptography", to="aggregate updates securely", extra="privacy")
    from aigc_tf.privacy.federated import ciphers

    return ciphers
