"""An orchestrator's memory of pages may only ever rule out what is not there."""

from crawler.storage.known_pages import KnownPages

ONE, TWO = b"one-------one", b"two-------two"


def test_a_content_is_ruled_out_until_it_was_stored() -> None:
    known = KnownPages(is_complete=True)
    assert known.rule_out([ONE, TWO], named=False)
    known.learn([ONE])
    assert known.rule_out([TWO], named=False)
    assert not known.rule_out([TWO, ONE], named=False)


def test_names_are_never_ruled_out() -> None:
    known = KnownPages(is_complete=True)
    assert not known.rule_out([ONE], named=True)
    known.learn([ONE])
    assert not known.rule_out([TWO], named=True)


def test_who_has_not_seen_all_rules_nothing_out() -> None:
    assert not KnownPages(is_complete=False).rule_out([ONE], named=False)
    known = KnownPages(is_complete=True)
    known.doubt()
    known.learn([ONE])
    assert not known.rule_out([TWO], named=False)
