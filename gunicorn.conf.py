"""gunicorn: gevent workers, one public and two private listeners, each worker's runtime.

Nothing is opened in the master: connections, greenlets and threads are made in the workers,
after fork. Private listeners serve the functions, so that open streams can never use up the
connections that the functions need: one that all workers share, and one of each worker's own,
by which callers spread their calls.
"""

import os
import socket
from typing import Any

from crawler.allocator import keep_large_apart
from crawler.settings import Settings

_settings = Settings.from_environ(os.environ)
_host = f"[{_settings.bind_host}]" if ":" in _settings.bind_host else _settings.bind_host

wsgi_app = "app:create_app()"
worker_class = "gevent"
workers = _settings.workers
bind = [f"{_host}:{_settings.bind_port}"]
if _settings.functions_url is None:
    bind.append("127.0.0.1:0")
worker_connections = 2_000
backlog = 2_048
# An idle kept connection holds a stopping worker up for this long.
keepalive = 2
graceful_timeout = 5
# A worker that hangs for this long is ended by the master; its jobs were taken over long before.
timeout = 60
control_socket_disable = True
# Nothing in front of Clew is trusted to say who asks.
forwarded_allow_ips = ""
forwarder_headers = ""
accesslog = None
errorlog = "-"
loglevel = "warning"
limit_request_line = 8_190


def post_worker_init(worker: Any) -> None:
    """The worker is forked, patched and has its app: its own work begins."""
    from psycogreen.gevent import patch_psycopg

    from crawler.web.stalled import told_in_a_line

    keep_large_apart()
    patch_psycopg()
    worker.log.error_log.addFilter(told_in_a_line)
    if _settings.functions_url is not None:
        _runtime(worker).start(_settings.functions_url, None, lambda: worker.alive)
        return
    shared = worker.sockets[-1].getsockname()
    own = _listen()
    worker.sockets.append(own)
    functions_url = f"http://127.0.0.1:{shared[1]}"
    _runtime(worker).start(functions_url, own.getsockname()[1], lambda: worker.alive)


def _listen() -> socket.socket:
    """A listener of this worker alone; gunicorn serves it like those that it made itself."""
    own = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    own.bind(("127.0.0.1", 0))
    own.listen(backlog)
    return own


def worker_exit(server: Any, worker: Any) -> None:
    """The worker's requests are over: its jobs go to others."""
    if getattr(worker, "wsgi", None) is not None:
        _runtime(worker).stop()


def _runtime(worker: Any) -> Any:
    return worker.wsgi.extensions["clew"].runtime
