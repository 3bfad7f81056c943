"""Engines for the whole run, each kind in turn; each test module gets an empty database of its own.
"""

import socket
from collections.abc import Iterator

import pytest
import redis
from hypothesis import HealthCheck, settings

from tests.engines import (
    EngineUrls,
    create_database,
    drop_database,
    start_engines,
    wanted_kinds,
)

# A busy machine stops a test for longer than any example takes; hangs end by pytest's time-out.
settings.register_profile("clew", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("clew")


@pytest.fixture(scope="session", params=wanted_kinds())
def engines(request: pytest.FixtureRequest) -> Iterator[EngineUrls]:
    """PostgreSQL and Valkey or Redis, started on first use, see `tests/engines.py`."""
    urls = start_engines(kind=request.param)
    yield urls
    urls.stop()


@pytest.fixture(scope="module")
def database_url(engines: EngineUrls) -> Iterator[str]:
    """The URL of a new database without tables, removed after the module."""
    url = create_database(engines.database_url)
    yield url
    drop_database(engines.database_url, url)


@pytest.fixture(scope="module")
def redis_url(engines: EngineUrls) -> Iterator[str]:
    """The URL of an empty Valkey database, emptied again after the module."""
    client = redis.Redis.from_url(engines.redis_url)
    client.flushdb()
    yield engines.redis_url
    client.flushdb()
    client.close()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A TCP port of 127.0.0.1 that refuses connections: nobody listens on it, or can."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield closed.getsockname()[1]
