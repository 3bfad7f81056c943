"""One run of the command: a server, a job, its events, its result, its summary.

Ctrl-C, SIGTERM and a pipe that nobody reads any more pause the crawl: it is not to go on asking a
site for what nobody waits for.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from crawler.terminal.api import Api, ApiError, Refused, Unreachable
from crawler.terminal.destination import Destination
from crawler.terminal.display import ReaderGone
from crawler.terminal.interrupts import Interrupted, Interrupts
from crawler.terminal.outlet import Outlet
from crawler.terminal.progress import ENDED
from crawler.terminal.result import NotWritten, take_result
from crawler.terminal.server import NoServer, ServerSource
from crawler.terminal.summary import (
    Exit,
    advice_on,
    changed,
    exit_of,
    exit_status,
    headline,
    reasons,
)
from crawler.terminal.watching import Line, Watch, persist

Json = dict[str, Any]

_PAUSE_SECONDS = 5.0
_LAST_EVENTS_SECONDS = 3.0


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for: a new job, or one that goes on.

    Args:
        body: of the request for a new job; the changes to one that goes on.
        resume: the id of the latter, None for a new one.
        retries_failed: whether the latter is to ask again for what failed.
        after: the id after which events are printed.
        token: the server's access token.
        destination: where the result goes.
        again: options that going on later needs, as they are typed.
    """

    body: Json
    resume: str | None
    retries_failed: bool
    after: int
    token: str | None
    destination: Destination | None
    again: str


class Session:
    """Runs once."""

    def __init__(
        self, wanted: Wanted, source: ServerSource, outlet: Outlet, interrupts: Interrupts
    ) -> None:
        self._wanted = wanted
        self._source = source
        self._outlet = outlet
        self._interrupts = interrupts
        self._line: Line | None = None
        self._job: Json | None = None
        self._watch: Watch | None = None

    def run(self) -> Exit:
        """The whole run; whatever was started for it is stopped in the end."""
        try:
            return self._run()
        except Interrupted:
            self._interrupts.settle()
            with suppress(ReaderGone):
                self._outlet.hide()
                self._outlet.explain("Left at once: perhaps the crawl was not paused.")
                self._explain_going_on()
        except ReaderGone:
            pass  # nobody is left who could be told anything
        finally:
            is_hurried = self._interrupts.settle()
            with suppress(ReaderGone):
                self._outlet.hide()
            if self._watch is not None:
                self._watch.stop()
            self._source.release(is_hurried)
        return Exit.INTERRUPTED

    def _run(self) -> Exit:
        try:
            return self._crawl()
        except (Interrupted, ReaderGone) as reason:
            return self._leave(is_read=isinstance(reason, Interrupted))
        except NoServer as error:
            self._outlet.complain(*str(error).splitlines())
        except Unreachable as error:
            self._outlet.complain(f"the server can't be reached: {error}")
            self._explain_going_on()
        except Refused as refused:
            if self._watch is not None and refused.status == 404:
                self._outlet.complain("the crawl was deleted meanwhile")
                return Exit.FAILED
            self._outlet.complain(*advice_on(refused))
            return exit_of(refused)
        return Exit.NO_SERVER

    def _crawl(self) -> Exit:
        self._line = line = Line(
            self._source, self._wanted.token, self._outlet, self._interrupts
        )
        job = self._job = self._open(line.api)
        self._introduce(line.api, job)
        self._watch = Watch(line, job, self._first_event(job), self._outlet, self._interrupts)
        self._watch.run()
        return self._finish(line, self._watch)

    def _open(self, api: Api) -> Json:
        """The job that is to be watched."""
        wanted = self._wanted
        if wanted.resume is None:
            # Not interrupted in the middle: there would be a job that nobody knows of.
            return api.create(wanted.body, secrets.token_hex(16))
        job = api.show(wanted.resume)
        if wanted.body:
            job = api.change(job["id"], wanted.body)
        if job["status"] in ("queued", "running"):
            return job
        try:
            return api.resume(job["id"], retries_failed=wanted.retries_failed)
        except Refused as refused:
            if refused.code != "nothing-to-do":
                raise
            return job

    def _introduce(self, api: Api, job: Json) -> None:
        if said := self._source.own():
            self._outlet.explain(said)
        more = f" and {len(job['urls']) - 1:,} more" if len(job["urls"]) > 1 else ""
        self._outlet.explain(f"Crawling {job['url']}{more}: {api.page_of(job['id'])}")

    def _first_event(self, job: Json) -> int:
        """Whoever prints events gets all that were asked for; the bar needs only the newest."""
        if self._outlet.prints_events or self._wanted.resume is None:
            return self._wanted.after
        return int(job["lastEventId"])

    def _finish(self, line: Line, watch: Watch) -> Exit:
        """Takes the result, and says what came of the crawl."""
        job_id = watch.job_id
        job = self._job = line.persist(lambda api: api.show(job_id))
        report = line.persist(lambda api: api.report(job_id))
        status, written = exit_status(job), ""
        if self._wanted.destination and job["status"] in ENDED and job["totals"]["completed"]:
            try:
                written = take_result(
                    line, job_id, self._wanted.destination, self._outlet, self._interrupts
                )
            except NotWritten as error:
                status = max(status, Exit.FAILED)
                self._outlet.complain(str(error))
                self._explain_going_on()
        self._outlet.hide()
        serves = "Its page, while scripts/run serves" if self._source.own() else "Its page"
        page = f"{serves}: {line.api.page_of(job_id)}"
        self._sum_up(
            headline(job, watch.seconds), *reasons(report), self._changes(line, job), written, page
        )
        if job["status"] not in ENDED:
            self._explain_going_on()
        return status

    def _changes(self, line: Line, job: Json) -> str:
        """What changed since the crawl that this one was made from, if it was and that is there."""
        if not job.get("basedOn"):
            return ""
        with suppress(Refused):
            return changed(line.persist(lambda api: api.changes(job["id"]))["counts"])
        return ""

    def _sum_up(self, *lines: str) -> None:
        """The crawl is over whether or not somebody reads this."""
        with suppress(ReaderGone):
            for line in filter(None, lines):
                self._outlet.tell(line)

    def _leave(self, *, is_read: bool) -> Exit:
        """Pauses the crawl; a second request ends even that."""
        if self._line is None or self._job is None:
            self._outlet.explain("Nothing was started.")
            return Exit.INTERRUPTED
        if is_read:
            self._outlet.wait("Pausing the crawl …")
        said = self._pause(self._line.api, self._job["id"])
        if self._watch is not None and is_read and self._outlet.prints_events:
            self._watch.finish(_LAST_EVENTS_SECONDS)
        self._outlet.hide()
        self._outlet.explain(said)
        self._explain_going_on()
        return Exit.INTERRUPTED

    def _pause(self, api: Api, job_id: str) -> str:
        """Pauses the crawl; returns in words what came of that."""
        try:
            job = persist(lambda: api.pause(job_id), _PAUSE_SECONDS)
        except Refused as refused:
            if refused.code != "wrong-state":
                return f"The crawl could not be paused: {refused}"
            job = persist(lambda: api.show(job_id), _PAUSE_SECONDS)
            return headline(job, self._seconds())
        except ApiError as error:
            return f"The crawl was not paused, it goes on when its server is back: {error}"
        return headline(job, self._seconds())

    def _seconds(self) -> float:
        return self._watch.seconds if self._watch else 0

    def _explain_going_on(self) -> None:
        if self._job is None:
            return
        after = ""
        if self._outlet.prints_events and self._watch is not None:
            after = f" --after {self._watch.last}"
        self._outlet.explain("Go on with:")
        command = f"scripts/run crawl --resume {self._job['id']}{self._wanted.again}{after}"
        self._outlet.explain(f"  {command}")
