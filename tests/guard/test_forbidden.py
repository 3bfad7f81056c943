"""Each case of the tables by each way that leads to a fetch: refused, and nobody was reached."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from tests.dns import Answer, alias, at
from tests.guard.cases import (
    BLOCKED,
    HOSTS,
    NAMES,
    NO_NAME,
    NO_NAMES,
    NO_URL,
    OWN_NAMES,
    SITE,
    TEXTS,
    TYPED_NAMES,
)
from tests.guard.network import (
    Seen,
    as_sitemap,
    by_robots,
    by_sitemap,
    enter,
    linked,
    namespace_command,
    redirected,
    robots_of,
    times_asked,
    typed,
    with_denied,
    with_names,
    with_nothing_allowed,
)
from tests.patched import PatchedProcess

NAMESPACE = namespace_command()
UNREACHABLE = "robots-unreachable"

Way = Callable[[str], Seen]


@pytest.fixture(scope="module")
def network() -> Iterator[PatchedProcess]:
    with PatchedProcess(NAMESPACE) as process:
        process.run(enter, bool(NAMESPACE))
        yield process


def assert_refused(seen: Seen, said: str) -> None:
    """It ended by that, and not one packet left for anywhere but the site."""
    assert (seen.said, seen.dialled, seen.reached) == (said, (), ())


WAYS: Sequence[tuple[Way, str]] = (
    (typed, BLOCKED),
    (linked, BLOCKED),
    (redirected, BLOCKED),
    (robots_of, BLOCKED),
    (by_robots, UNREACHABLE),
    (as_sitemap, BLOCKED),
    (by_sitemap, BLOCKED),
)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(("way", "said"), WAYS, ids=lambda each: getattr(each, "__name__", each))
def test_a_forbidden_address_is_not_reached(
    network: PatchedProcess, host: str, way: Way, said: str
) -> None:
    assert_refused(network.run(way, f"http://{host}:{{port}}/"), said)


@pytest.mark.parametrize(("text", "as_typed", "as_link"), TEXTS)
def test_a_text_leads_where_it_should_and_nowhere_else(
    network: PatchedProcess, text: str, as_typed: str, as_link: str
) -> None:
    assert_refused(network.run(typed, text), as_typed)
    assert_refused(network.run(linked, text), as_link)
    as_redirect = {NO_URL: "bad-redirect"}.get(as_link, as_link)
    assert_refused(network.run(redirected, text), as_redirect)
    as_robots = {NO_URL: "allowed", BLOCKED: UNREACHABLE, NO_NAME: UNREACHABLE}
    assert_refused(network.run(by_robots, text), as_robots.get(as_link, "allowed"))
    as_sitemaps = {SITE: "broken-response", "404": "http-404"}
    assert_refused(network.run(as_sitemap, text), as_sitemaps.get(as_link, as_link))


@pytest.mark.parametrize("status", [300, 301, 303, 307, 308])
def test_every_redirect_is_judged(network: PatchedProcess, status: int) -> None:
    assert_refused(network.run(redirected, "http://127.0.0.2:{port}/", status), BLOCKED)


@pytest.mark.parametrize("name", TYPED_NAMES)
def test_a_name_with_one_forbidden_address_is_not_reached(
    network: PatchedProcess, name: str
) -> None:
    (seen,) = network.run(with_names, NAMES, f"http://{name}:{{port}}/")
    assert_refused(seen, BLOCKED)
    sentence = seen.detail.partition(" ")[2]
    assert not any(each in sentence for answers in NAMES.values() for each in answers[0].addresses)


@pytest.mark.parametrize("name", OWN_NAMES)
def test_this_machine_is_not_reached_by_its_own_names(network: PatchedProcess, name: str) -> None:
    seen = network.run(with_nothing_allowed, f"http://{name}:{{port}}/")
    assert seen.said in (BLOCKED, NO_NAME)
    assert seen.dialled == seen.reached == ()


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_without_an_address_leads_nowhere(network: PatchedProcess, name: str) -> None:
    (seen,) = network.run(with_names, NO_NAMES, f"http://{name}:{{port}}/")
    assert_refused(seen, NO_NAME)


DENIED = "denied.test, *.below.test, 127.0.0.3, 127.0.1.0/24, 10.0.0.0/8, localhost"
DENIED_ZONE = {
    "denied.test": [at("127.0.0.1")],
    "www.denied.test": [at("127.0.0.1")],
    "x.below.test": [at("127.0.0.1")],
    "by-address.test": [at("127.0.1.9")],
    "by-alias.test": [alias("by-address.test")],
    "mixed.test": [at("127.0.0.1", "127.0.0.3")],
}


@pytest.mark.parametrize(
    "host",
    [*DENIED_ZONE, "DENIED.test.", "127.0.0.3", "0x7f.3", "[::ffff:127.0.1.1]", "localhost"],
)
def test_a_host_that_the_operator_denies_is_not_reached_though_its_address_is_allowed(
    network: PatchedProcess, host: str
) -> None:
    for seen in network.run(with_denied, DENIED, DENIED_ZONE, f"http://{host}:{{port}}/"):
        assert_refused(seen, "denied-host")


GOOD, BAD = at("127.0.0.1"), at("127.0.0.2")

REBOUND: Mapping[str, Sequence[Answer]] = {
    "to another address": [GOOD, BAD],
    "to both": [GOOD, at("127.0.0.1", "127.0.0.2")],
    "to IPv6": [GOOD, at("::1")],
    "to mapped IPv6": [GOOD, at("::ffff:127.0.0.2")],
    "to an alias": [GOOD, alias("inside.test")],
    "to the unspecified address": [GOOD, at("0.0.0.0")],
    "to the metadata of a cloud": [GOOD, at("169.254.169.254")],
}


@pytest.mark.parametrize("answers", REBOUND.values(), ids=REBOUND)
def test_a_name_that_is_rebound_is_judged_anew(
    network: PatchedProcess, answers: Sequence[Answer]
) -> None:
    zone = {"rebind.test": answers, "inside.test": [BAD]}
    # /drop leaves no connection behind that the next fetch could go on with.
    urls = [_at_site("rebind.test", "/drop")] * 2
    first, second = network.run(with_names, zone, *urls)
    assert_refused(first, "refused")
    assert first.paths == ("/drop",)
    assert_refused(second, BLOCKED)


def test_a_name_that_is_rebound_while_it_is_known_is_not_looked_up(
    network: PatchedProcess,
) -> None:
    urls = [_at_site("rebind.test", "/drop")] * 3
    found = network.run(with_names, {"rebind.test": [GOOD, BAD]}, *urls, seconds_between=1.0)
    assert [(seen.said, seen.paths) for seen in found] == [("refused", ("/drop",))] * 3
    assert network.run(times_asked, "rebind.test") == 1


def test_a_name_that_flips_is_reached_only_where_it_was_judged(network: PatchedProcess) -> None:
    urls = [_at_site("flip.test", "/drop")] * 6
    found = network.run(with_names, {"flip.test": [GOOD, BAD] * 3}, *urls)
    assert [seen.said for seen in found] == ["refused", BLOCKED] * 3
    assert all(seen.dialled == seen.reached == () for seen in found)


def test_a_redirect_to_a_name_that_was_rebound_is_refused(network: PatchedProcess) -> None:
    zone = {"rebind.test": [GOOD, BAD]}
    back = "http://127.0.0.1:{site}/redirect-to?url=http://rebind.test:{port}/"
    first, second = network.run(with_names, zone, _at_site("rebind.test", "/drop"), back)
    assert_refused(first, "refused")
    assert_refused(second, BLOCKED)


def _at_site(name: str, path: str) -> str:
    return f"http://{name}:{{site}}{path}"


# What the suite itself rests on


def test_the_site_is_reached(network: PatchedProcess) -> None:
    seen = network.run(typed, "http://127.0.0.1:{site}/text")
    assert (seen.said, seen.paths) == (SITE, ("/text",))


@pytest.mark.skipif(not NAMESPACE, reason="outside a namespace this would reach the internet")
@pytest.mark.parametrize("host", ["93.184.215.14", "[2606:4700::1111]", "public.test"])
def test_the_listener_would_notice(network: PatchedProcess, host: str) -> None:
    zone = {"public.test": [at("93.184.215.14")]}
    (seen,) = network.run(with_names, zone, f"http://{host}:{{port}}/")
    address = "93.184.215.14" if host == "public.test" else host.strip("[]")
    assert (seen.said, seen.dialled, seen.reached) == (SITE, (address,), (address,))


def test_there_are_at_least_150_cases() -> None:
    assert len({*HOSTS, *TYPED_NAMES, *(text for text, *_ in TEXTS)}) >= 280
