"""Homomorphic sums: a server adds encrypted vectors (CKKS, Cheon et al. 2017, with the package tenseal).

One client makes a key pair for a round and publishes the public key; all clients encrypt with it, the server adds the
ciphertexts, and the holder of the secret key decrypts the sum. Unlike masking, this needs only one message per client
and tolerates dropouts; but the holder and the server together can read each client's vector, whereas with masks more
than half of all clients would have to collude.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.optional import needed
from aigc_tf.privacy.federated.secure import Sum

DEGREE, MODULUS_BITS = 4096, (60, 49)
"""Polynomial degree and coefficient sizes: 128 bits of security (Albrecht et al. 2018, table 1); enough for sums."""
SCALE_BITS = 40
"""Fractional bits: values are exact to about 10⁻⁸."""
SLOTS = DEGREE // 2
LARGEST = 2.0**10
"""Upper bound of a client's values; sums of 500 clients still fit into 60 bits."""
_FLOAT_BYTES = 4

Encrypted = list[bytes]
"""A vector as ciphertexts, one for each `SLOTS` of its values."""


class KeyHolder:
    """The client that decrypts sums; its keys are for one round.

    Raises:
        InputError: the package tenseal is not installed.
    """

    def __init__(self) -> None:
        self._context = library().context(library().SCHEME_TYPE.CKKS, DEGREE, coeff_mod_bit_sizes=list(MODULUS_BITS))
        self._context.global_scale = 2.0**SCALE_BITS

    def public_key(self) -> bytes:
        """The key that others encrypt with."""
        found: bytes = self._context.serialize(save_secret_key=False, save_galois_keys=False, save_relin_keys=False)
        return found

    def read(self, encrypted: Encrypted) -> np.ndarray:
        """Decrypt a vector, float64 `[any]`."""
        vectors = (library().ckks_vector_from(self._context, part) for part in encrypted)
        return np.concatenate([vector.decrypt() for vector in vectors])


def encrypt(values: np.ndarray, public_key: bytes) -> Encrypted:
    """Encrypt a client's vector `[any]`.

    Raises:
        InputError: a number is out of range.
    """
    largest = float(np.abs(values).max(initial=0.0))
    if not largest < LARGEST:
        raise InputError(f"a client has changed a weight by {largest:.3g}: homomorphic sums hold less than {LARGEST:g}")
    context = library().context_from(public_key)
    starts = range(0, len(values), SLOTS)
    return [library().ckks_vector(context, values[start : start + SLOTS]).serialize() for start in starts]


def added(vectors: Sequence[Encrypted], public_key: bytes) -> Encrypted:
    """The server's part: the sum of encrypted vectors."""
    context = library().context_from(public_key)
    return [_sum(library().ckks_vector_from(context, part) for part in parts) for parts in zip(*vectors, strict=True)]


def _sum(parts: Iterable[Any]) -> bytes:
    first, *others = parts
    for other in others:
        first += other
    found: bytes = first.serialize()
    return found


def homomorphic_sum(vectors: Mapping[int, np.ndarray]) -> Sum:
    """The sum of the vectors of several clients, running the whole protocol; the first client holds the secret key.

    Args:
        vectors: float `[any]`, by client, at least one.
    """
    holder = KeyHolder()
    key = holder.public_key()
    encrypted = [encrypt(vector, key) for vector in vectors.values()]
    total = added(encrypted, key)
    read = holder.read(total)
    sent = len(key) + sum(map(_bytes, encrypted)) + _FLOAT_BYTES * len(read)
    return Sum(read, sent, len(key) * (len(vectors) - 1) + _bytes(total))


def _bytes(encrypted: Encrypted) -> int:
    return sum(map(len, encrypted))


@cache
def library() -> Any:
    """The package tenseal.

    TensorFlow ships another version of the library protobuf, whose functions tenseal would call, which would crash the
    process. Loaded with `RTLD_DEEPBIND`, tenseal calls its own.

    Raises:
        InputError: it is not installed.
    """
    with _bound_deeply():
        return needed("tenseal", to="add up encrypted updates", extra="homomorphic")


@contextmanager
def _bound_deeply() -> Iterator[None]:
    if not hasattr(os, "RTLD_DEEPBIND"):  # only on Linux: other systems keep libraries apart anyway
        yield
        return
    kept = sys.getdlopenflags()
    sys.setdlopenflags(kept | os.RTLD_DEEPBIND)
    try:
        yield
    finally:
        sys.setdlopenflags(kept)
