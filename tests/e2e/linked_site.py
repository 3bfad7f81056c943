"""A site of a few pages whose links, redirects and errors a test writes down, and may change."""

import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

Answer = Sequence[str] | str | int | bytes
"""A page's links; or where it redirects to; or the status that it fails with; or its source, in
HTML or, where its path ends in .md, in Markdown."""


NO_PAGES = frozenset(("/robots.txt", "/sitemap.xml"))
"""What a crawler asks a site for without a link to it."""


class LinkedSite:
    """Serves `pages`, by path, on a free port of 127.0.0.1 while the `with` block lasts.

    A path that is not among them is a 404. `robots` is robots.txt, or the status that asking for
    it fails with; an origin's is read once and kept. `asked` holds the paths that were asked for.
    """

    def __init__(self, pages: Mapping[str, Answer], robots: str | int = 404) -> None:
        self.pages = dict(pages)
        self.robots = robots
        self.asked: list[str] = []
        self.port = 0
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Starts to serve, after a `close` on the same port as before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        """Refuses connections from now on."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The URL of a path, under any name of this machine."""
        return f"http://{host}:{self.port}{path}"

    def urls(self, *paths: str) -> set[str]:
        """The URLs of some paths."""
        return {self.url(path) for path in paths}

    def pages_asked(self) -> list[str]:
        """`asked` without what a crawler asks of itself."""
        return [path for path in self.asked if path not in NO_PAGES]


def _handler(site: LinkedSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            answer = site.pages.get(self.path, 404)
            if self.path == "/robots.txt":
                self._send_robots()
            elif isinstance(answer, int):
                self._send(answer, "<p>sorry", "text/html")
            elif isinstance(answer, bytes):
                kind = "text/markdown" if self.path.endswith(".md") else "text/html"
                self._send(200, answer.decode(), kind)
            elif isinstance(answer, str):
                self._send(301, "", "text/html", answer)
            else:
                self._send(200, _page(self.path, answer), "text/html; charset=utf-8")

        def _send_robots(self) -> None:
            if isinstance(site.robots, int):
                self._send(site.robots, "", "text/plain")
            else:
                self._send(200, site.robots, "text/plain")

        def _send(self, status: int, text: str, kind: str, location: str | None = None) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if location is not None:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Prints nothing."""

    return Handler


def _page(path: str, links: Sequence[str]) -> str:
    items = "".join(f'<li><a href="{link}">{link}</a></li>' for link in links)
    return (
        f"<!doctype html><html lang=en><title>Page {path}</title>"
        f"<main><h1>Page {path}</h1><p>What stands on the page {path}.</p><ul>{items}</ul></main>"
    )
