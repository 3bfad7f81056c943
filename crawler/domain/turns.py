"""Turns at a host: what is asked, told and answered, and the figures of the rules.

The rules are in `crawler.domain.hosts`, and once more, for all workers, in
`crawler.storage.hosts`. Times are whole milliseconds of Unix time, latencies microseconds.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from crawler.domain.politeness import Why

SLOT_MS = 5_000
"""A turn that is neither given back nor renewed for so long is free again: its worker is gone."""

GRACE_MS = 1_000
"""How late a job may come back for its turn without losing its place in the line."""

LONGEST_BLOCK_MS = 86_400_000
"""A site that asks for a longer pause gets this one."""

FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS = 1_000, 60_000
"""The pause after 429 or 503 without `Retry-After`; it doubles while they go on."""

FIRST_PAUSE_MS = 500
"""The pause after the second failure running without an answer; it doubles while they go on."""

DOWN_AFTER = 6
"""Failures running after which a host is taken for down: with the pauses, after 8 s."""

DOWN_PAUSE_MS = 1_000
"""The pause from then on. No request harms a dead host, and its URLs are to fail soon."""

FADE_MS, FADE_GAPS = 30_000, 3
"""Failures and refusals are counted anew when the last one is over for so long; where they come
seldom (a long delay, many hosts at once), for so many times the time between the last two, since
a host that is never reached has to be down in the end."""

BUSY = frozenset((429, 503))
"""Answers by which a host asks to be left alone (RFC 6585, section 4; RFC 9110, 15.6.4)."""

GATEWAY = frozenset((502, 504))
"""Answers in place of a host that did not answer its own front."""

UNREACHED = -1
"""In place of a status: the host could not be reached, which may be otherwise later."""

SILENT = -2
"""In place of a status: the host let the time for an answer pass, which may be otherwise later."""

SILENCE = 3
"""Failures that one such counts for. It took longer than all pauses after refused connections
together, and nobody is to sit through six of them."""

SLOW_US = 400_000
MOST_SLOWER_MS = 5_000
"""The delay that is added while a host answers slower than usual, at most."""

LEAST_HINT_MS, MOST_HINT_MS = 5, 200
"""When to ask again while requests are under way: as long as the host's answers take."""

IDLE_MS = 600_000
"""What is known of a host is forgotten after so long without a request."""

SITE_DELAY_MS = 86_400_000
"""But for the delay that its robots.txt asks for: that is known for so long after a request."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A job's wish to start a request."""

    job_id: str
    slot: str
    """Names the turn, if it is granted."""
    concurrency: int
    delay_ms: int
    site_delay_ms: int | None = None
    """The `Crawl-delay` of its robots.txt, 0 where that asks for none; None: not known yet. Then
    the one that was known last holds, for the request for robots.txt itself, say."""
    ignores_site: bool = False
    """Whether a `Crawl-delay` is nothing to the job."""


class Report(NamedTuple):
    """A turn that is over."""

    slot: str
    status: int = 0
    """Of the answer; 0: nothing is known; `UNREACHED`; `SILENT`."""
    head_us: int = -1
    """From the request to the answer's headers; -1: not known."""
    asked_ms: int = 0
    """What the answer's `Retry-After` asks for; 0: nothing."""


class Answer(NamedTuple):
    """A turn (`why` is None), or how long to wait before asking again."""

    wait_ms: int
    why: Why | None
    failures: int
    """How often running the host could not be reached."""


class HostStore(Protocol):
    """Where the state of hosts is kept."""

    def ask(self, host: str, ask: Ask, reports: Sequence[Report]) -> Answer:
        """Takes the reports in, then grants a turn or says how long to wait."""

    def give_back(self, host: str, reports: Sequence[Report]) -> Answer:
        """Takes the reports in; the answer says whether the host may be asked at all."""

    def hold(self, host: str, slots: Collection[str], *, started: bool) -> None:
        """Says that these turns go on; `started`: a request began that the store missed."""
