"""What viewers see when the fast copy of the log is lost, and when their connection is."""

import random
import socket
import subprocess
import time
from urllib.parse import unquote, urlsplit

from bench.drills.crawling import Crawl, check_everything, check_ids, slow_crawl
from bench.drills.verdict import expect
from tests.sse import Message, SseParser

FLUSHES = (80, 200, 320)
"""After how many pages Valkey is flushed."""
VIEWERS = 5


def valkey_flushed() -> str:
    """FLUSHALL three times in mid-crawl, five viewers connected: each of them sees 1…N."""
    with slow_crawl(requests_per_second=40, viewers=VIEWERS) as crawl:
        for pages in FLUSHES:
            crawl.wait_for_pages(pages)
            _flush(crawl.server.worker_environment()["REDIS_URL"])
        figures = check_everything(crawl, crawl.wait_for_end())
    return f"{figures}; {len(FLUSHES)} flushes, {VIEWERS} viewers"


def _flush(url: str) -> None:
    """Sends FLUSHALL as one inline command (Redis protocol specification)."""
    path = unquote(urlsplit(url).path)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(path)
        connection.sendall(b"FLUSHALL\r\n")
        answer = connection.recv(100)
    expect(answer.startswith(b"+OK"), f"FLUSHALL was answered {answer!r}")


def curl_cut() -> str:
    """`curl -N` killed at random moments and continued with Last-Event-ID: 1…N, no overlap."""
    choice = random.Random()
    with slow_crawl(requests_per_second=40) as crawl:
        ids: list[int] = []
        connections = 0
        is_done = False
        deadline = time.monotonic() + 180
        while not is_done:
            expect(time.monotonic() < deadline, f"curl saw no done; last id {ids[-1:]}")
            messages = _curl(crawl, ids[-1] if ids else None, choice.uniform(0.05, 1.5))
            ids.extend(message.id for message in messages if message.id is not None)
            is_done = any(message.event == "done" for message in messages)
            connections += 1
        job = crawl.wait_for_end()
        check_ids(ids, job["lastEventId"])
        figures = check_everything(crawl, job)
    return f"{figures}; {connections} connections of curl"


def _curl(crawl: Crawl, last_id: int | None, seconds: float) -> list[Message]:
    """All whole messages that one connection gave before it was killed, or ended by itself."""
    command = ["curl", "--silent", "--no-buffer", crawl.api.stream_url(crawl.job_id)]
    if last_id is not None:
        command += ["--header", f"Last-Event-ID: {last_id}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    return list(SseParser().feed(output))
