"""Rules that "skip URLs like this" offers: which is chosen, and what is said of those that wait."""

from crawler.web.changing import suggestions_for

URL = "http://site/shop/2024/bag?page=3"


def test_the_first_rule_that_skips_something_is_chosen() -> None:
    for waiting, best in [
        (["http://site/shop/2024/bag?sort=up"], "/shop/2024/bag?*"),
        (["http://site/shop/2023/bag?page=1"], "/shop/*/bag?page=*"),
        (["http://site/about", "http://site/shop/shoe"], "/shop/*"),
    ]:
        found = suggestions_for(URL, waiting, with_host=False)
        assert (found.best, found.skip_nothing) == (best, False)


def test_where_nothing_that_waits_is_alike_the_first_is_chosen_and_it_is_said() -> None:
    for waiting in ([], ["http://site/about"]):
        found = suggestions_for(URL, waiting, with_host=False)
        assert (found.best, found.skip_nothing) == ("/shop/2024/bag?*", True)


def test_it_is_told_when_only_some_of_those_that_wait_were_looked_at() -> None:
    waiting = [f"http://site/shop/{n}" for n in range(1_001)]
    some, every = (suggestions_for(URL, each, with_host=True) for each in (waiting, waiting[1:]))
    assert (some.tried_on, some.are_all) == (1_000, False)
    assert (every.tried_on, every.are_all) == (1_000, True)
