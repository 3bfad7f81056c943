"""Workers lost in every way: killed alone, killed with everything, frozen and let go again."""

import os
import signal
import time
from contextlib import suppress

from bench.drills.crawling import Crawl, check_everything, slow_crawl
from bench.drills.verdict import expect
from tests.server import wait_until

TAKEOVER_SECONDS = 10.0
KILLS = 3
FREEZE_SECONDS = 20
IN_HAND = 80
"""The most URLs that a lost worker may have had in hand: eight batches of ten."""


def orchestrator_killed() -> str:
    """kill -9 of the orchestrating worker, three times in one crawl: it goes on within 10 s."""
    with slow_crawl(requests_per_second=25) as crawl:
        pauses = []
        for kill in range(1, KILLS + 1):
            crawl.wait_for_pages(kill * 110)
            owner = crawl.owner()
            workers = crawl.server.worker_pids()
            expect(owner["pid"] in workers, f"owner {owner} is none of the workers {workers}")
            os.kill(owner["pid"], signal.SIGKILL)
            pauses.append(_seconds_until_it_goes_on(crawl, kill))
            expect(crawl.owner()["epoch"] > owner["epoch"], "the epoch was not raised")
        figures = check_everything(crawl, crawl.wait_for_end(), most_repeats=KILLS * IN_HAND)
    worst = max(pauses)
    expect(worst <= TAKEOVER_SECONDS, f"it took {worst:.1f} s to go on after a kill")
    return f"{figures}; went on after {', '.join(f'{pause:.1f}' for pause in pauses)} s"


def _seconds_until_it_goes_on(crawl: Crawl, replacements: int) -> float:
    """Seconds from now to the first batch applied by the new orchestrator."""
    began = time.time()

    def goes_on() -> bool:
        events = [received.message.event for received in crawl.viewer.received]
        if events.count("orchestrator_replaced") < replacements:
            return False
        last = len(events) - 1 - events[::-1].index("orchestrator_replaced")
        return "batch_completed" in events[last:]

    wait_until(goes_on, "the crawl goes on under another worker")
    return time.time() - began


def everything_killed() -> str:
    """kill -9 of all processes in mid-crawl, then the same command again; twice."""
    with slow_crawl(requests_per_second=25) as crawl:
        starts = []
        for kill in (1, 2):
            crawl.wait_for_pages(kill * 150)
            crawl.server.kill_everything()
            starts.append(crawl.server.start())
        figures = check_everything(crawl, crawl.wait_for_end(), most_repeats=2 * IN_HAND)
    return f"{figures}; ready again after {', '.join(f'{start:.1f}' for start in starts)} s"


def orchestrator_frozen() -> str:
    """SIGSTOP of the orchestrating worker for 20 s, then SIGCONT: its late writes are refused."""
    with slow_crawl(requests_per_second=12, viewers=2) as crawl:
        crawl.wait_for_pages(60)
        owner = crawl.owner()
        os.kill(owner["pid"], signal.SIGSTOP)
        frozen_at = time.time()
        try:
            _watch_takeover(crawl, frozen_at)
        finally:
            # The master may have ended it, as it does with workers that do not answer.
            with suppress(ProcessLookupError):
                os.kill(owner["pid"], signal.SIGCONT)
        epoch = crawl.owner()["epoch"]
        expect(epoch > owner["epoch"], f"epoch {epoch} after {owner['epoch']}: not raised")
        figures = check_everything(crawl, crawl.wait_for_end(), most_repeats=IN_HAND)
        replaced = [m for m in crawl.viewer.received if m.message.event == "orchestrator_replaced"]
    expect(bool(replaced), "no orchestrator_replaced in the log")
    epochs = [received.message.data["epoch"] for received in replaced]
    return f"{figures}; epochs {owner['epoch']} → {epochs}"


def _watch_takeover(crawl: Crawl, frozen_at: float) -> None:
    """Waits out the freeze; while it lasts the crawl must have gone on by the API's account."""
    done = crawl.api.show(crawl.job_id)["totals"]["completed"]
    wait_until(
        lambda: bool(crawl.api.show(crawl.job_id)["totals"]["completed"] > done + 20),
        "the crawl goes on while its worker is frozen",
        TAKEOVER_SECONDS + 5,
    )
    thawed_at = frozen_at + FREEZE_SECONDS
    wait_until(lambda: time.time() >= thawed_at, "the freeze is over")
