"""A browser that writes down what a crawl's page shows, in the order in which it first shows it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)

# Runs before the page's own scripts. An element counts when it enters the document, whoever
# put it there; each load of the page begins a new list.
_WRITE_DOWN = """
  window.told({ load: true });
  const met = new WeakSet();
  new MutationObserver((changes) => {
    const ids = [];
    for (const change of changes) {
      for (const node of change.addedNodes) {
        if (node.nodeType !== 1) continue;
        for (const each of [node, ...node.querySelectorAll("[data-event-id]")]) {
          if (!each.dataset?.eventId || met.has(each)) continue;
          met.add(each);
          ids.push(Number(each.dataset.eventId));
        }
      }
    }
    if (ids.length) window.told({ ids });
  }).observe(document, { childList: true, subtree: true });
  window.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector("[data-last-event-id]");
    if (root) window.told({ cursor: Number(root.dataset.lastEventId) });
  });
"""


@dataclass
class Load:
    """One load of the page: the event its snapshot stands at, and ids as they appeared."""

    cursor: int | None = None
    ids: list[int] = field(default_factory=list)


class Viewer:
    """A tab on a crawl's page. What it complains of (console, failed policy) is in `complaints`."""

    def __init__(self, context: BrowserContext) -> None:
        self.loads: list[Load] = []
        self.complaints: list[str] = []
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.expose_function("told", self._take)
        self.page.add_init_script(_WRITE_DOWN)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda line: self._hear(line.type, line.text))

    def _take(self, told: dict[str, object]) -> None:
        if "load" in told:
            self.loads.append(Load())
        if isinstance(cursor := told.get("cursor"), int):
            self.loads[-1].cursor = cursor
        if isinstance(ids := told.get("ids"), list):
            self.loads[-1].ids.extend(ids)

    def _hear(self, kind: str, text: str) -> None:
        """Lost connections are errors to the console as well; a breach of the policy never is."""
        if "Content Security Policy" in text or (kind == "warning" and "htmx" in text):
            self.complaints.append(text)

    def shown(self) -> int:
        """The last event that the page shows."""
        return int(self.page.get_attribute("#job", "data-last-event-id") or 0)

    def wait_for_state(self, state: str) -> None:
        """Waits until the connection indicator says so."""
        self.page.wait_for_selector(f'#stream-state[data-stream-state="{state}"]')

    def wait_for_status(self, status: str) -> None:
        """Waits until the page says that the crawl is there."""
        self.page.wait_for_selector(f'#job[data-job-status="{status}"]')

    def wait_for_event(self, event_id: int) -> None:
        """Waits until an event, or a later one, is shown."""
        self.page.wait_for_function(
            "id => Number(document.querySelector('#job').dataset.lastEventId) >= id", arg=event_id
        )


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless. A machine without it fails the run; it is never skipped."""
    path = shutil.which("chromium")
    if path is None:
        raise FileNotFoundError("chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


def check_shown(viewer: Viewer, last_id: int) -> None:
    """Over all loads: from each cursor on every id once and in order, none missing in between.

    A load first shows the newest events of its snapshot, newest first, then what follows. The
    page before it may have shown a little more, until the new one took its place.
    """
    reached = 0
    for load in viewer.loads:
        assert load.cursor is not None
        snapshot = [each for each in load.ids if each <= load.cursor]
        assert snapshot == list(range(load.cursor, load.cursor - len(snapshot), -1))
        assert len(snapshot) == min(load.cursor, 100)
        assert load.cursor - len(snapshot) <= reached
        followed = load.ids[len(snapshot) :]
        assert followed == list(range(load.cursor + 1, load.cursor + 1 + len(followed)))
        reached = load.cursor + len(followed)
    assert reached == last_id
