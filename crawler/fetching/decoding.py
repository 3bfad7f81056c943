"""Content-Encoding (RFC 9110, section 8.4), unpacked within a limit.

What comes out of a decoder is counted while it unpacks, so that a bomb (a few kilobytes that
unpack to gigabytes) costs no more memory than the limit, and a body that breaks off before its
coding's own end is noticed even where HTTP saw no end to miss.
"""

import importlib
import zlib
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

MAX_CODINGS = 3
"""Codings laid over each other that are undone; honest sites use one."""

MAX_FRAMES = 1_000
"""Members or frames in one body: each costs a fresh decoder."""

_SLACK_BYTES = 2**20
"""By how much a packed body may exceed the limit on the unpacked one."""

_REGISTERED = frozenset(
    ("aes128gcm", "br", "compress", "dcb", "dcz", "deflate", "exi", "gzip", "pack200-gzip", "zstd")
)
"""The IANA registry of content codings. Other words there (`utf-8`, `none`) are mistakes of the
site that browsers take for no coding at all, and so does Clew."""


class Undecodable(Exception):
    """The body is not what its Content-Encoding says, or breaks off."""


class TooLarge(Exception):
    """The body exceeds the limit; `prefix` is its beginning, at most as long as the limit."""

    def __init__(self, prefix: bytes = b"") -> None:
        """Takes the beginning of the body, as far as it was unpacked."""
        super().__init__("larger than the limit")
        self.prefix = prefix


class _Stream(Protocol):
    """One member or frame of a coding."""

    repeats: ClassVar[bool]
    """Whether another one may follow (RFC 1952, section 2.2; RFC 8878, section 3)."""

    def unpack(self, data: bytes, room: int) -> bytes:
        """Unpacks `data` into at most `room` bytes (> 0). One that fills it is given up."""

    @property
    def ended(self) -> bool:
        """Whether the coding's own end has come."""

    @property
    def rest(self) -> bytes:
        """What came after that end."""


class _Zlib:
    repeats: ClassVar[bool] = True

    def __init__(self, window_bits: int) -> None:
        self._stream = zlib.decompressobj(window_bits)

    def unpack(self, data: bytes, room: int) -> bytes:
        return self._stream.decompress(data, room)

    @property
    def ended(self) -> bool:
        return self._stream.eof

    @property
    def rest(self) -> bytes:
        return self._stream.unused_data


class _Deflate:
    """`deflate` is the zlib format by the RFC and raw deflate by some servers: both are read."""

    repeats: ClassVar[bool] = False
    rest = b""

    def __init__(self) -> None:
        self._head = b""
        self._stream: _Zlib | None = None

    def unpack(self, data: bytes, room: int) -> bytes:
        if self._stream is None:
            self._head += data
            if len(self._head) < 2:
                return b""
            data, self._head = self._head, b""
            self._stream = _Zlib(zlib.MAX_WBITS if _has_zlib_header(data) else -zlib.MAX_WBITS)
        return self._stream.unpack(data, room)

    @property
    def ended(self) -> bool:
        return self._stream is not None and self._stream.ended


def _has_zlib_header(data: bytes) -> bool:
    """RFC 1950, section 2.2: method 8, and both bytes together a multiple of 31."""
    return data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0


class _Brotli:
    repeats: ClassVar[bool] = False
    rest = b""

    def __init__(self) -> None:
        self._stream: Any = _BROTLI.Decompressor()

    def unpack(self, data: bytes, room: int) -> bytes:
        return bytes(self._stream.process(data, output_buffer_limit=room))

    @property
    def ended(self) -> bool:
        return bool(self._stream.is_finished())


class _Zstd:
    repeats: ClassVar[bool] = True

    def __init__(self) -> None:
        self._stream: Any = _ZSTD.ZstdDecompressor(options=_ZSTD_OPTIONS)

    def unpack(self, data: bytes, room: int) -> bytes:
        return bytes(self._stream.decompress(data, room))

    @property
    def ended(self) -> bool:
        return bool(self._stream.eof)

    @property
    def rest(self) -> bytes:
        return bytes(self._stream.unused_data)


def _installed(*names: str) -> Any:
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


_BROTLI = _installed("brotli")
_ZSTD = _installed("compression.zstd", "backports.zstd")
_ZSTD_OPTIONS = _ZSTD and {_ZSTD.DecompressionParameter.window_log_max: 23}
"""8 MiB of window: what RFC 9659 lets a server ask of a client."""


def _codings() -> dict[str, Callable[[], _Stream]]:
    known: dict[str, Callable[[], _Stream]] = {
        "gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
        "deflate": _Deflate,
    }
    if _BROTLI is not None:
        known["br"] = _Brotli
    if _ZSTD is not None:
        known["zstd"] = _Zstd
    return known


_CODINGS = _codings()

ACCEPT_ENCODING = ", ".join(_CODINGS)
"""Exactly what can be decoded here, as a request header's value."""

_ERRORS: tuple[type[Exception], ...] = (
    zlib.error,
    *((_BROTLI.error,) if _BROTLI is not None else ()),
    *((_ZSTD.ZstdError,) if _ZSTD is not None else ()),
)


class _Layer:
    """One coding of a body, over all its members."""

    def __init__(self, start: Callable[[], _Stream], limit_bytes: int) -> None:
        self._start = start
        self._stream = start()
        self._room = limit_bytes + 1
        self._frames = 1
        self._frame_bytes = 0
        self._over = False
        self._used = False

    def unpack(self, data: bytes) -> bytes:
        """Raises TooLarge with this call's output, or Undecodable."""
        parts: list[bytes] = []
        while data and not self._over:
            if self._stream.ended:
                self._begin_frame()
                continue
            parts.append(self._unpack_frame(data))
            self._room -= len(parts[-1])
            if self._room <= 0:
                raise TooLarge(b"".join(parts))
            data = self._stream.rest if self._stream.ended else b""
        return b"".join(parts)

    def _begin_frame(self) -> None:
        if not self._stream.repeats:
            self._over = True  # what follows is no part of the body
            return
        self._stream = self._start()
        self._frames += 1
        self._frame_bytes = 0
        if self._frames > MAX_FRAMES:
            raise Undecodable("consists of too many parts")

    def _unpack_frame(self, data: bytes) -> bytes:
        self._used = True
        try:
            part = self._stream.unpack(data, self._room)
        except _ERRORS:
            if self._frames == 1:
                raise Undecodable("is not what its Content-Encoding says") from None
            self._over = True  # bytes after the last member, which browsers ignore
            return b""
        self._frame_bytes += len(part)
        return part

    @property
    def complete(self) -> bool:
        """Whether the coding ended; a second frame without content is padding."""
        padding = self._frames > 1 and not self._frame_bytes
        return self._stream.ended or self._over or padding or not self._used


class Body:
    """A response's body as it arrives, decompressed and bounded."""

    def __init__(self, content_encoding: str, limit_bytes: int) -> None:
        """Takes the header's value, and the body's largest size once decompressed.

        Raises:
            Undecodable: it names a coding that was not offered, or too many.
        """
        self._limit = limit_bytes
        self._layers = [_Layer(start, limit_bytes) for start in _undo(content_encoding)]
        self._arrived = 0
        self._data = bytearray()

    def feed(self, data: bytes) -> None:
        """Takes the next bytes from the wire.

        Raises:
            TooLarge: now it exceeds the limit.
            Undecodable: it is not what its Content-Encoding says.
        """
        self._arrived += len(data)
        try:
            if self._arrived > self._limit + _SLACK_BYTES:
                raise TooLarge
            for layer in self._layers:
                data = layer.unpack(data)
        except TooLarge as excess:
            if len(self._layers) == 1:  # under several codings it may still be packed
                self._data += excess.prefix
            raise TooLarge(self.so_far) from None
        self._data += data
        if len(self._data) > self._limit:
            raise TooLarge(self.so_far)

    @property
    def so_far(self) -> bytes:
        """What has come of it, at most as long as the limit."""
        return bytes(memoryview(self._data)[: self._limit])

    def finish(self) -> bytes:
        """The whole body. Raises Undecodable if its coding breaks off."""
        if not all(layer.complete for layer in self._layers):
            raise Undecodable("breaks off")
        return bytes(self._data)


def _undo(content_encoding: str) -> list[Callable[[], _Stream]]:
    """What undoes the codings, the last one laid on first."""
    if not content_encoding:
        return []
    names = [name.strip().lower().removeprefix("x-") for name in content_encoding.split(",")]
    refused = [name for name in names if name in _REGISTERED and name not in _CODINGS]
    codings = [_CODINGS[name] for name in reversed(names) if name in _CODINGS]
    if refused or len(codings) > MAX_CODINGS:
        raise Undecodable("has a Content-Encoding that was not offered")
    return codings
