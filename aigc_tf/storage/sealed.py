"""Encryption at rest: whoever has the disk but not the key can neither read files nor change them unnoticed.

A sealed file consists of a first line, the key's name, and chunks of at most 2²⁴ bytes. Each is encrypted and
authenticated with AES-256-GCM, whose nonce contains its number and whether it is the last one: the STREAM construction
(Hoang et al. 2015, §6), so that chunks cannot be left out, repeated or moved.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from aigc_tf.errors import InputError, UnavailableError
from aigc_tf.optional import needed

SETTING = "AIGC_TF_KEY"
"""The environment variable that holds the key, 64 hexadecimal digits."""
FIRST_LINE = b"aigc_tf sealed 1\n"
_NAME_BYTES, _PREFIX_BYTES, _PIECE_BYTES, _TAG_BYTES = 8, 7, 2**24, 16


def key_in_environment() -> bytes | None:
    """The key that new checkpoints are encrypted with; None if there is none.

    Raises:
        InputError: it is not 32 bytes in hexadecimal digits, or the package cryptography is not installed.
    """
    text = os.environ.get(SETTING, "")
    if not text:
        return None
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise InputError(f"{SETTING} is not a key of 64 hexadecimal digits: make one with openssl rand -hex 32")
    _cipher()
    return key


def write_sealed(file: IO[bytes], write: Callable[[IO[bytes]], Any]) -> None:
    """Call `write(file)`; what it writes is encrypted if there is a key in the environment."""
    key = key_in_environment()
    if key is None:
        write(file)
        return
    content = io.BytesIO()
    write(content)
    for part in sealed(content.getvalue(), key):
        file.write(part)


def sealed(content: bytes, key: bytes) -> Iterator[bytes]:
    """Encrypt the content of a file with a key of 32 bytes; yields it in chunks."""
    prefix = os.urandom(_PREFIX_BYTES)
    yield FIRST_LINE + name_of(key) + prefix
    box = _cipher()(key)
    starts = range(0, max(len(content), 1), _PIECE_BYTES)
    for number, start in enumerate(starts):
        piece = memoryview(content)[start : start + _PIECE_BYTES]
        yield box.encrypt(_nonce(prefix, number, number == len(starts) - 1), piece, None)


def unsealed(content: bytes, key: bytes) -> bytes:
    """Decrypt what `sealed` made.

    Args:
        content: without the line with the key's name.
        key: the key of that name.

    Raises:
        ValueError: it was changed, truncated or damaged.
    """
    from cryptography.exceptions import InvalidTag

    prefix, body = content[:_PREFIX_BYTES], memoryview(content)[_PREFIX_BYTES:]
    box, size = _cipher()(key), _PIECE_BYTES + _TAG_BYTES
    starts = range(0, max(len(body), 1), size)
    try:
        pieces = [
            box.decrypt(_nonce(prefix, number, number == len(starts) - 1), body[start : start + size], None)
            for number, start in enumerate(starts)
        ]
    except InvalidTag:
        raise ValueError("it was changed after it was encrypted") from None
    return b"".join(pieces)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A file open for reading, decrypted if it is sealed.

    Raises:
        UnavailableError: it is sealed, and its key is not in the environment.
        ValueError: it was changed after it was sealed.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if file.read(len(FIRST_LINE)) != FIRST_LINE:
            file.seek(0)
            yield file
            return
        name, content = file.read(_NAME_BYTES), file.read()
    key = key_in_environment()
    if key is None or name_of(key) != name:
        there = "is not set" if key is None else "holds another one"
        raise UnavailableError(f"{path} is encrypted, and {SETTING} {there}: set it to the key {name.hex()}")
    yield io.BytesIO(unsealed(content, key))


def name_of(key: bytes) -> bytes:
    """A fingerprint that tells keys apart and reveals nothing about them."""
    return hashlib.blake2b(key, digest_size=_NAME_BYTES, person=b"aigc_tf name").digest()


def _nonce(prefix: bytes, number: int, is_last: bool) -> bytes:
    return prefix + number.to_bytes(4) + bytes([is_last])


def _cipher() -> Any:
    ciphers = "cryptography.hazmat.primitives.ciphers.aead"
    return needed(ciphers, to=f"encrypt checkpoints, which {SETTING} asks for,", extra="privacy").AESGCM
