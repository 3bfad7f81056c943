"""The stream reader that tests and drills rely on gives what was sent, no more and no less."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.sse import Message, SseParser

STREAM = (
    b": comment\n\n"
    b"event: stream_connected\ndata: {\"lastEventId\":0}\n\n"
    b"id: 1\nevent: job_started\ndata: {\"a\":\ndata: 1}\n\n"
    b"retry: 300\n\n"
    b"id: 2\r\nevent: done\r\ndata: {\"b\":\"\xc3\xa9\"}\r\n\r\n"
)
MESSAGES = [
    Message(None, "stream_connected", {"lastEventId": 0}),
    Message(1, "job_started", {"a": 1}),
    Message(2, "done", {"b": "é"}),
]


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=10))
def test_messages_do_not_depend_on_how_the_bytes_arrive(cuts: list[int]) -> None:
    parser, edges = SseParser(), [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[start:end] for start, end in pairwise(edges)]
    assert [message for chunk in chunks for message in parser.feed(chunk)] == MESSAGES


@given(end=st.integers(0, len(STREAM)))
def test_an_unfinished_message_is_not_given_out(end: int) -> None:
    whole = list(SseParser().feed(STREAM[:end]))
    assert whole == MESSAGES[: len(whole)]
    assert len(whole) == 3 or end < len(STREAM)
