"""Memory back to the system that glibc would keep after a large page (malloc(3), mallopt(3)).

A page of 9 MB takes some 150 MB while it is parsed, in a hundred thousand small pieces. Once they
are free, glibc keeps them for later, and for each thread by itself; and after the first large text
it puts further ones among the small pieces, where they hold the rest in place. A process grows by
that to several times of what it uses. Other C libraries (macOS, musl) are left as they are.
"""

import ctypes
from collections.abc import Callable
from typing import Any

_TRIM_THRESHOLD, _MAPPED_THRESHOLD = -1, -3
"""M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of <malloc.h>."""

_MAPPED_BYTES = 2**20
_SPARE_BYTES = 8 * 2**20


def keep_large_apart() -> None:
    """Has pieces of 1 MiB and more come from the system one by one, and go back at once.

    For a process that is starting. Setting this also ends glibc's own adaptation (mallopt(3)), so
    what it may keep at its heap's end is set with it: ordinary pages need some megabytes again
    and again.
    """
    mallopt = _function("mallopt")
    if mallopt is not None:
        mallopt(_MAPPED_THRESHOLD, _MAPPED_BYTES)
        mallopt(_TRIM_THRESHOLD, _SPARE_BYTES)


def give_back() -> None:
    """Gives free memory of all threads to the system: some 10 ms, without the GIL, in a thread."""
    malloc_trim = _function("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


def _function(name: str) -> Callable[..., Any] | None:
    """A function of the C library's, None where it has none of that name."""
    return getattr(_C_LIBRARY, name, None)


_C_LIBRARY = ctypes.CDLL(None)
