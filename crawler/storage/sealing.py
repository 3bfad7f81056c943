"""What users entrust to Clew, unreadable without its secret: their headers and cookies.

A sealed value is `0x01 | nonce (12 bytes) | AES-256-GCM ciphertext and tag` (NIST SP 800-38D),
its key derived from the secret by HKDF-SHA256 (RFC 5869). The first byte names the way, so that
another one can follow without losing what is stored.
"""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_WAY = b"\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32
_SEALING = b"clew: sealed credentials"
_FINGERPRINTS = b"clew: fingerprints of requests"


class Unsealable(Exception):
    """A sealed value was made with another secret, or is damaged."""


class Sealer:
    """Seals, opens, and recognises without keeping."""

    def __init__(self, secret: str) -> None:
        """Takes the installation's secret (`CLEW_SECRET`), equal on every machine."""
        self._cipher = AESGCM(_derive(secret, _SEALING))
        self._fingerprint_key = _derive(secret, _FINGERPRINTS)

    def seal(self, data: bytes) -> bytes:
        """The data as they may be stored; the same data never look the same twice."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _WAY + nonce + self._cipher.encrypt(nonce, data, _WAY)

    def open(self, sealed: bytes | memoryview) -> bytes:
        """What `seal` was given.

        Raises:
            Unsealable: when it was sealed with another secret, or is no sealed value.
        """
        value = bytes(sealed)
        start = len(_WAY) + _NONCE_BYTES
        if not value.startswith(_WAY) or len(value) < start:
            raise Unsealable
        try:
            return self._cipher.decrypt(value[len(_WAY) : start], value[start:], _WAY)
        except InvalidTag:
            raise Unsealable from None

    def fingerprint(self, text: str) -> bytes:
        """32 bytes by which the same text is known again, and from which nobody can guess it.

        HMAC-SHA256 (RFC 2104): a plain hash of a password can be tried out, a keyed one can't.
        """
        return hmac.new(self._fingerprint_key, text.encode(), hashlib.sha256).digest()


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=purpose).derive(secret.encode())
