"""An event's text: encoded once, the same bytes in Postgres, Redis and every stream."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.events import (
    EventName,
    Happening,
    LoggedEvent,
    log_events,
    parse_event,
    sse_frame,
    sse_notice,
)
from crawler.domain.model import Totals

AT = "2026-01-02T03:04:05.678Z"
TOTALS = Totals(discovered=3, queued=1, completed=2).as_json()

titles = st.text(max_size=30) | st.sampled_from(
    ["\r\n\n: x", "\u2028", "\ud800", "\0", '"}\\', "🧶"]
)
happenings = st.lists(
    st.builds(
        Happening,
        st.sampled_from(EventName),
        st.fixed_dictionaries({"title": titles, "pages": st.lists(titles, max_size=2)}),
    ),
    max_size=5,
)


def log(listed: list[Happening], first_id: int = 1) -> list[LoggedEvent]:
    return log_events(listed, first_id=first_id, job_id="job", at=AT, totals=TOTALS)


@given(happenings, st.integers(1, 10**12))
def test_events_come_back_from_their_text(listed: list[Happening], first_id: int) -> None:
    events = log(listed, first_id)
    assert [event.id for event in events] == [first_id + index for index in range(len(listed))]
    for event, happening in zip(events, listed, strict=True):
        assert parse_event(event.text) == event
        assert event.name == happening.name
        common = {"jobId": "job", "at": AT, "totals": TOTALS}
        assert event.data == common | dict(happening.data)
        whole = {"id": event.id, "event": event.name, "data": event.data}
        assert json.loads(event.text) == whole


@given(happenings)
def test_the_text_is_ascii_on_one_line_whatever_foreign_titles_hold(
    listed: list[Happening],
) -> None:
    for event in log(listed):
        assert event.text.isascii() and event.text.isprintable()


@given(happenings)
def test_an_sse_frame_holds_one_event_and_no_raw_newline_in_its_data(
    listed: list[Happening],
) -> None:
    for event in log(listed):
        frame = sse_frame(event)
        assert frame.endswith("\n\n")
        assert frame[:-2].split("\n") == [
            f"id: {event.id}",
            f"event: {event.name}",
            f"data: {event.data_text}",
        ]


@given(titles)
def test_a_notice_moves_no_cursor(title: str) -> None:
    name, data = sse_notice(EventName.HEARTBEAT, {"url": title}).removesuffix("\n\n").split("\n")
    assert name == "event: heartbeat"
    assert json.loads(data.removeprefix("data: ")) == {"url": title}


@pytest.mark.parametrize(
    "text",
    ["", "{}", "null", '{"id": 1,"event":"x","data":{}}',
     '{"id":-1,"event":"job_started","data":{}}',
     '{"event":"job_started","id":1,"data":{}}', '{"id":1,"event":"a\\"b","data":{}}'],
)  # fmt: skip
def test_other_text_is_no_event(text: str) -> None:
    with pytest.raises(ValueError, match="not an event"):
        parse_event(text)
