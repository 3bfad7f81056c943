"""The real command, one for all modules that do not start their own, and the made site."""

from collections.abc import Iterator

import pytest

from tests.api import Api
from tests.e2e.crawls import ENVIRONMENT
from tests.server import RunningServer
from tests.site import Site


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """`scripts/run` with two workers that may fetch from loopback; it runs after every test."""
    with RunningServer(env=ENVIRONMENT) as running:
        yield running


@pytest.fixture(scope="module")
def api(server: RunningServer) -> Api:
    """A client of the server's API."""
    return Api(server.url)


@pytest.fixture(scope="module")
def whole_site() -> Iterator[Site]:
    """The site's process; tests take `site`."""
    with Site() as running:
        yield running


@pytest.fixture
def site(whole_site: Site) -> Site:
    """The made site, with an empty log and without a robots.txt."""
    whole_site.set_robots("no robots.txt", status=404)
    whole_site.clear()
    return whole_site
