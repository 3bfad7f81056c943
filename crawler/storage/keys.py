"""Keys of texts that may be longer than an index entry can be: URLs above all."""

import hashlib
import zlib
from collections.abc import Iterable


def url_key(url: str) -> bytes:
    """The key under which a canonical URL is known once per job: 128 bits of BLAKE2b (RFC 7693)."""
    return hashlib.blake2b(url.encode(), digest_size=16).digest()


def link_key(url: str) -> bytes:
    """4 bytes that stand for a URL among a page's links: CRC-32 (RFC 1952, section 8)."""
    return zlib.crc32(url.encode()).to_bytes(4, "big")


def link_keys(urls: Iterable[str]) -> bytes:
    """The keys of some URLs, one after the other."""
    return b"".join(map(link_key, urls))
