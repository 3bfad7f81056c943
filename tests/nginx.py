"""A folder as a real site: Debian's nginx on a free port of loopback, with its own access log."""

import getpass
import json
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tests.server import free_port, wait_until

CONFIGURATION = """
{user}
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    sendfile on;
    keepalive_requests 1000000;
    log_format clew escape=json
        '{{"at":$msec,"method":"$request_method","target":"$request_uri","status":$status}}';
    access_log {home}/access.log clew;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    limit_req_zone $server_port zone=site:1m rate={requests_per_second}r/s;
    server {{
        listen 127.0.0.1:{port} backlog=512;
        root {folder};
        index index.html;
        {limit}
    }}
}}
"""


class Request(NamedTuple):
    """A line of the access log: `at` in Unix seconds, `target` as sent (path and query)."""

    at: float
    method: str
    target: str
    status: int


def nginx_command() -> str:
    """The path of nginx, which Debian keeps outside an ordinary user's PATH."""
    command = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if command is None:
        raise FileNotFoundError("nginx is not installed (Debian: apt-get install nginx-light)")
    return command


class NginxSite:
    """`folder` served at `url` while the `with` block lasts.

    `requests_per_second` makes it a slow site: requests beyond that rate wait for their turn.
    """

    def __init__(self, folder: Path, requests_per_second: int | None = None) -> None:
        self._folder = folder.resolve()
        self._requests_per_second = requests_per_second
        self._home = Path(tempfile.mkdtemp(prefix="clew-nginx-"))
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        configuration = self._home / "nginx.conf"
        configuration.write_text(
            CONFIGURATION.format(
                # A master that is root would hand its work to a user who can't read every folder.
                user=f"user {getpass.getuser()};" if os.geteuid() == 0 else "",
                home=self._home,
                port=self._port,
                folder=self._folder,
                requests_per_second=self._requests_per_second or 1,
                limit="limit_req zone=site burst=100000;" if self._requests_per_second else "",
            )
        )
        command = [nginx_command(), "-p", str(self._home), "-c", str(configuration)]
        self._process = subprocess.Popen([*command, "-e", str(self._home / "error.log")])
        try:
            wait_until(self._answers, "nginx answers")
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError((self._home / "error.log").read_text())
        # A connection without a request leaves no line in the access log.
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
        shutil.rmtree(self._home, ignore_errors=True)

    @property
    def pid(self) -> int:
        """Process id of nginx's master."""
        assert self._process is not None, "the site was not started"
        return self._process.pid

    def log(self) -> list[Request]:
        """Every request since the start, or since `forget`, in the order in which they ended."""
        lines = (self._home / "access.log").read_text().splitlines()
        return [Request(**json.loads(line)) for line in lines]

    def forget(self) -> None:
        """Empties the access log; nginx appends, so it goes on from there."""
        os.truncate(self._home / "access.log", 0)
