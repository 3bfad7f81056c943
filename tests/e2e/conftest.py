"""The real command, one for all modules that do not start their own, and the made site."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.api import Api
from tests.e2e.browser import Viewer, chromium
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, one for a module."""
    with chromium() as started:
        yield started


@pytest.fixture
def viewer(browser: Browser) -> Iterator[Viewer]:
    """A tab that writes down what it shows, and must not complain."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    watching = Viewer(context)
    yield watching
    context.close()
    assert not watching.complaints


@pytest.fixture
def plain_page(browser: Browser) -> Iterator[Page]:
    """A tab without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()
