"""Files that are packed by themselves (gzip, RFC 1952), unpacked in pieces within a bound."""

import zlib
from collections.abc import Iterator

PIECE_BYTES = 65_536

MAX_UNPACKED = 50 * 2**20
"""Bytes that are unpacked: what sitemaps.org allows for a sitemap."""

_MAGIC = b"\x1f\x8b"
_READ_BYTES = 16_384
_MOST_MEMBERS = 1_000


class Unpacking:
    """The pieces of a body, whether it is packed or not, at most `MAX_UNPACKED` of it."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.is_cut = False
        """Whether there was more: it broke off, was too long, or is no gzip after all."""

    def __iter__(self) -> Iterator[bytes]:
        left = MAX_UNPACKED
        for piece in self._gunzip() if self._body.startswith(_MAGIC) else self._pieces():
            if len(piece) > left:
                self.is_cut = True
                return
            left -= len(piece)
            yield piece

    def _pieces(self) -> Iterator[bytes]:
        for at in range(0, len(self._body), PIECE_BYTES):
            yield self._body[at : at + PIECE_BYTES]

    def _gunzip(self) -> Iterator[bytes]:
        """Members one after the other (section 2.2); what comes after the last is padding."""
        at, members = 0, 0
        while self._body.startswith(_MAGIC, at):
            members += 1
            stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
            try:
                while not stream.eof and at < len(self._body):
                    packed = self._body[at : at + _READ_BYTES]
                    at += len(packed)
                    yield from _pieces_of(stream, packed)
            except zlib.error:
                self.is_cut = True
                return
            at -= len(stream.unused_data)
            if not stream.eof or members >= _MOST_MEMBERS:
                self.is_cut = True
                return


def _pieces_of(stream: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    while True:
        piece = stream.decompress(packed, PIECE_BYTES)
        if piece:
            yield piece
        packed = stream.unconsumed_tail
        # The last of the input may have left output behind.
        if not packed and len(piece) < PIECE_BYTES:
            return
