"""`Site`: the test site as a test sees it."""

import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import trustme

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60


class Request(NamedTuple):
    """A line of the access log: `at` in Unix seconds when it came, `path` with its query.

    `status` is 0 while it is being answered, and where no proper answer was given.
    """

    at: float
    method: str
    path: str
    status: int


class Site:
    """The site in a process of its own, ready when the `with` block begins.

    Args:
        tls: whether it speaks https, with a certificate for localhost and 127.0.0.1 whose
            authority is in the file `ca_path`.
        names: the host names in that certificate.
    """

    def __init__(
        self, *, tls: bool = False, names: tuple[str, ...] = ("localhost", "127.0.0.1")
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="clew-site-")
        self.ca_path = str(Path(self._folder.name) / "authority.pem")
        self._certificate = self._make_certificate(names) if tls else None
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self._control_port = 0

    def _make_certificate(self, names: tuple[str, ...]) -> str:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca_path)
        path = str(Path(self._folder.name) / "site.pem")
        authority.issue_cert(*names).private_key_and_cert_chain_pem.write_to_path(path)
        return path

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.site", *filter(None, [self._certificate])]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready:
            self._process.wait()
            raise RuntimeError("the test site did not start; see its output above")
        self.port, self._control_port = json.loads(ready)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None and self._process.stdin and self._process.stdout
        self._process.kill()
        self._process.wait(PATIENCE_SECONDS)
        self._process.stdin.close()
        self._process.stdout.close()
        self._folder.cleanup()

    @property
    def origin(self) -> str:
        """`scheme://127.0.0.1:port`."""
        return f"{'https' if self._certificate else 'http'}://127.0.0.1:{self.port}"

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The URL of a path that begins with a slash, under any name of this machine."""
        return self.origin.replace("127.0.0.1", host) + path

    def log(self) -> list[Request]:
        """The requests since the start or the last `clear`, oldest first (the latest 200,000)."""
        return [Request(*line) for line in self._ask("/log")]

    def paths(self) -> list[str]:
        """The paths of `log`, with their queries."""
        return [request.path for request in self.log()]

    def connections(self) -> int:
        """How many connections were accepted since the start or the last `clear`."""
        return int(self._ask("/counts")["connections"])

    def peak(self) -> int:
        """The largest number of requests that were being answered at one time."""
        return int(self._ask("/counts")["peak"])

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self._ask("/counts")["open"] == 0

    def clear(self) -> None:
        """Forgets the log, the counts, and what was set of pages and refusals."""
        self._ask("/clear", {})

    def set_robots(
        self,
        body: str,
        status: int = 200,
        delay_seconds: float = 0.0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Sets what `/robots.txt` answers from now on (texts hold bytes as latin-1)."""
        answer = _answer(body.encode("latin-1"), status, headers, "text/plain")
        self._ask("/robots", {**answer, "delay_seconds": delay_seconds})

    def set_page(
        self,
        path: str,
        body: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str = "text/html; charset=utf-8",
    ) -> None:
        """Sets what a path (with its query) answers until the next `clear`."""
        answer = _answer(body.encode(), status, headers, content_type)
        self._ask("/page", {**answer, "path": path})

    def refuse(
        self, status: int, retry_after: str | None = None, after: int = 0, times: int = 1
    ) -> None:
        """Lets `times` requests for anything but robots.txt fail, once `after` others have come.

        It lasts until the next `clear`; faults and what is not made by the server go on.
        """
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        answer = _answer(b"not now", status, headers, "text/plain")
        self._ask("/refusal", {**answer, "after": after, "times": times})

    def _ask(self, target: str, payload: dict[str, object] | None = None) -> Any:
        data = None if payload is None else json.dumps(payload).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self._control_port}{target}", data)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=PATIENCE_SECONDS) as answer:
            return json.load(answer)


def _answer(
    body: bytes, status: int, headers: Mapping[str, str] | None, content_type: str
) -> dict[str, object]:
    return {
        "body": body.decode("latin-1"),
        "status": status,
        "headers": dict(headers or {}),
        "content_type": content_type,
    }
