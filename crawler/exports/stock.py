"""What an export consists of, fixed when it begins, and how its pages are read and worked on."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import ParamSpec, Protocol, TypeVar

from crawler.domain.model import Job
from crawler.storage.exporting import ExportStore, ListedPage, PageHead, WholePage

_PAGES_A_SLICE = 25
_CHARACTERS_A_SLICE = 400_000
_HEADS_A_SLICE = 200
_LARGE_CHARACTERS = 2**20
"""From this size on pages are worked on one at a time in a worker."""

_LONGEST_TURN_SECONDS = 600.0

P = ParamSpec("P")
T = TypeVar("T")
See = Callable[[ListedPage], None]


class Threads(Protocol):
    """A worker's threads for pages, where the loop that serves everybody is not held up."""

    def work(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns, done in a thread."""

    def turn(self, most_seconds: float) -> AbstractContextManager[bool]:
        """For a large page: no other is in work meanwhile; yields whether the turn came."""


@dataclass(frozen=True, slots=True)
class Call:
    """An export that was asked for. `now` is when; `max_tokens` bounds parts of llms-full."""

    store: ExportStore
    threads: Threads
    job_id: str
    now: datetime
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Stock:
    """A job as it stood when its export began, and its pages in reading order: by their ids."""

    call: Call
    job: Job
    _furniture: frozenset[bytes] = field(repr=False)
    _ids: "array[int]"
    _lengths: "array[int]"

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, page_id: int) -> bool:
        at = bisect_left(self._ids, page_id)
        return at < len(self._ids) and self._ids[at] == page_id

    def pages(self) -> Iterator[list[WholePage]]:
        """All pages, a slice in memory at a time.

        Raises:
            UnknownJob: when the job was deleted meanwhile.
        """
        for start, end in _slices(self._lengths):
            yield self.call.store.pages(self.job.id, self._ids[start:end], self._furniture)

    def heads(self, start: int = 0, end: int | None = None) -> Iterator[list[PageHead]]:
        """Pages from a position to another (all by default) without content, a slice at a time.

        Raises:
            UnknownJob: when the job was deleted meanwhile.
        """
        return self.heads_of(self._ids[start:end])

    def heads_of(self, ids: "array[int]") -> Iterator[list[PageHead]]:
        """The same for pages by their ids."""
        for start in range(0, len(ids), _HEADS_A_SLICE):
            yield self.call.store.heads(self.job.id, ids[start : start + _HEADS_A_SLICE])

    def turn(self, pages: list[WholePage]) -> AbstractContextManager[object]:
        """Room to work on these pages: at once for small ones, alone for a large one."""
        if sum(page.length for page in pages) < _LARGE_CHARACTERS:
            return nullcontext()
        return self.call.threads.turn(_LONGEST_TURN_SECONDS)

    def made(self, make: Callable[[list[WholePage]], T]) -> Generator[T, None, None]:
        """What `make` makes of every slice of pages, in a thread."""
        for pages in self.pages():
            with self.turn(pages):
                result = self.call.threads.work(make, pages)
            yield result


def take_stock(call: Call, *observers: See) -> Stock:
    """What there is to export now; each observer sees each page, in reading order.

    Raises:
        UnknownJob: when there is no such job.
    """
    ids, lengths = array("q"), array("l")

    def see(page: ListedPage) -> None:
        ids.append(page.id)
        lengths.append(page.length)
        for observer in observers:
            observer(page)

    survey = call.store.survey(call.job_id, see)
    return Stock(call, survey.job, survey.furniture, ids, lengths)


def _slices(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Positions from which to which pages are read at once: so many, of so many characters."""
    start = size = 0
    for at, length in enumerate(lengths):
        if at > start and (at - start == _PAGES_A_SLICE or size + length > _CHARACTERS_A_SLICE):
            yield start, at
            start, size = at, 0
        size += length
    if start < len(lengths):
        yield start, len(lengths)
