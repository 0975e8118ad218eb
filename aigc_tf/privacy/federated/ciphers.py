"""The parts of the package cryptography that secure aggregation uses; imported only when needed."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["HKDF", "ChaCha20", "ChaCha20Poly1305", "Cipher", "hashes", "x25519"]
