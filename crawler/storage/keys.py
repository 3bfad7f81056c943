"""Keys of texts that may be longer than an index entry can be: URLs above all."""

import hashlib


def url_key(url: str) -> bytes:
    """The key under which a canonical URL is known once per job: 128 bits of BLAKE2b (RFC 7693)."""
    return hashlib.blake2b(url.encode(), digest_size=16).digest()
