"""The reader of event streams: whatever the chunks, the same messages."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.terminal.sse import Message, SseReader

STREAM = (
    "\ufeffretry: 700\nevent: stream_connected\ndata: {}\n\n"
    ": a comment\n\n"
    "id: 1\nevent: batch_completed\ndata: {\"title\":\"é漢\"}\n\n"
    "id: 2\r\ndata:first\r\ndata: second\r\ndata\r\n\r\n"
    "id: 3\rdata: alone\r\r"
    "data:  two blanks: one stays\nunknown: field\n\n"
    "event: without_data\nid: 4\n\n"
    "id: with\0nul\ndata: x\n\n"
    "id: 5\ndata: cut off before its blank line\n"
).encode()
MESSAGES = [
    Message(None, "stream_connected", "{}"),
    Message("1", "batch_completed", '{"title":"é漢"}'),
    Message("2", "message", "first\nsecond\n"),
    Message("3", "message", "alone"),
    Message(None, "message", " two blanks: one stays"),
    Message(None, "message", "x"),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_messages_do_not_depend_on_where_chunks_end(cuts: list[int]) -> None:
    reader, edges = SseReader(), [0, *sorted(cuts), len(STREAM)]
    found: list[Message] = []
    for begin, end in pairwise(edges):
        found += reader.feed(STREAM[begin:end])
    assert found == MESSAGES
    assert reader.retry_seconds == 0.7


def test_every_byte_may_come_alone() -> None:
    reader = SseReader()
    assert [m for n in range(len(STREAM)) for m in reader.feed(STREAM[n : n + 1])] == MESSAGES


def test_a_message_is_there_with_the_return_that_ends_it() -> None:
    reader = SseReader()
    assert list(reader.feed(b"data: x\r\r")) == [Message(None, "message", "x")]
    assert list(reader.feed(b"\ndata: y\n\n")) == [Message(None, "message", "y")]


@pytest.mark.parametrize("retry", ["soon", "-5", "1.5", "", "\u0663"])
def test_a_retry_that_is_no_number_is_left_out(retry: str) -> None:
    reader = SseReader()
    list(reader.feed(f"retry: {retry}\n\n".encode()))
    assert reader.retry_seconds is None


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_whatever_comes_is_read(chunks: list[bytes]) -> None:
    reader = SseReader()
    for chunk in chunks:
        list(reader.feed(chunk))
