"""Content-Encoding: what was packed comes out, and nothing more than the limit."""

import contextlib
import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.fetching.decoding import ACCEPT_ENCODING, MAX_FRAMES, Body, TooLarge, Undecodable
from tests.site.pages import PACKERS

Packer = Callable[[bytes], bytes]


def unpack(coding: str, data: bytes, limit: int = 10**6, step: int = 65_536) -> bytes:
    body = Body(coding, limit)
    for start in range(0, len(data), step):
        body.feed(data[start : start + step])
    return body.finish()


def test_exactly_what_is_offered_can_be_decoded() -> None:
    assert set(ACCEPT_ENCODING.split(", ")) == {"gzip", "deflate", "br", "zstd"}


@pytest.mark.parametrize("name", PACKERS)
@given(data=st.binary(max_size=2_000), step=st.integers(1, 500))
def test_packed_in_any_way_and_cut_at_any_place_it_comes_out_whole(
    name: str, data: bytes, step: int
) -> None:
    coding, pack = PACKERS[name]
    assert unpack(coding, pack(data), step=step) == data


@pytest.mark.parametrize("name", PACKERS)
def test_a_body_that_breaks_off_is_noticed(name: str) -> None:
    coding, pack = PACKERS[name]
    packed = pack(b"".join(b"%d " % n for n in range(5_000)))
    with pytest.raises(Undecodable, match="breaks off"):
        unpack(coding, packed[:-20])


@pytest.mark.parametrize("name", PACKERS)
def test_a_bomb_costs_no_more_memory_than_the_limit(name: str) -> None:
    coding, pack = PACKERS[name]
    packed = pack(bytes(300 * 2**20))
    tracemalloc.start()
    with pytest.raises(TooLarge):
        unpack(coding, packed, limit=2**20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * 2**20


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize(("size", "fits"), [(1_000, True), (1_001, False)])
def test_the_limit_is_exact(name: str, size: int, fits: bool) -> None:
    coding, pack = PACKERS[name]
    if fits:
        assert len(unpack(coding, pack(bytes(size)), limit=1_000)) == size
    else:
        with pytest.raises(TooLarge) as excess:
            unpack(coding, pack(bytes(size)), limit=1_000)
        assert len(excess.value.prefix) <= 1_000


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_the_prefix_of_a_large_body_is_as_long_as_the_limit(coding: str) -> None:
    data = bytes(range(256)) * 100
    with pytest.raises(TooLarge) as excess:
        unpack(coding, gzip.compress(data) if coding else data, limit=1_000)
    assert excess.value.prefix == data[:1_000]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@given(data=st.binary(max_size=300))
def test_junk_ends_as_undecodable_or_as_bytes(coding: str, data: bytes) -> None:
    with contextlib.suppress(Undecodable):
        unpack(coding, data)


@pytest.mark.parametrize("tail", [b"\0", b"\0" * 100, b"junk behind the end"])
@pytest.mark.parametrize("step", [1, 65_536])
def test_padding_behind_the_last_member_is_ignored(tail: bytes, step: int) -> None:
    assert unpack("gzip", gzip.compress(b"page") + tail, step=step) == b"page"


@pytest.mark.parametrize("step", [1, 7, 65_536])
def test_several_members_are_one_body(step: int) -> None:
    assert unpack("gzip", gzip.compress(b"one ") + gzip.compress(b"two"), step=step) == b"one two"


def test_members_without_end_are_given_up() -> None:
    with pytest.raises(Undecodable, match="too many parts"):
        unpack("gzip", gzip.compress(b"") * (MAX_FRAMES + 1))


def test_bytes_that_unpack_to_nothing_count_too() -> None:
    empty_blocks = zlib.compressobj().compress(b"") + b"\0\0\0\xff\xff" * 500_000
    with pytest.raises(TooLarge):
        unpack("deflate", empty_blocks, limit=1_000)


@pytest.mark.parametrize("coding", ["compress", "dcb", "gzip, gzip, gzip, gzip"])
def test_a_coding_that_was_not_offered_is_refused(coding: str) -> None:
    with pytest.raises(Undecodable, match="not offered"):
        Body(coding, 1_000)


@pytest.mark.parametrize("word", ["identity", "utf-8", "none", "UTF-8", " "])
def test_a_word_that_is_no_coding_is_passed_over_as_browsers_do(word: str) -> None:
    assert unpack(word, b"page") == b"page"


@pytest.mark.parametrize("coding", ["GZIP", "x-gzip", " gzip ", "gzip, identity"])
def test_codings_are_named_in_several_ways(coding: str) -> None:
    assert unpack(coding, gzip.compress(b"page")) == b"page"
