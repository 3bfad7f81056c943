"""Signatures of function calls: ours, of this body, no more than a minute old."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.functions.calls import MAX_AGE_SECONDS, is_signed, sign

SECRET, BODY, NOW = "secret", b'{"jobId":"a"}', 1_800_000_000.5
HEADER = sign(SECRET, BODY, NOW)


@pytest.mark.parametrize(
    ("age_seconds", "accepted"),
    [(0, True), (59, True), (61, False), (-59, True), (-61, False), (86_400, False)],
)
def test_a_signature_lives_for_a_minute(age_seconds: int, accepted: bool) -> None:
    assert MAX_AGE_SECONDS == 60
    assert is_signed(SECRET, HEADER, BODY, NOW + age_seconds) is accepted


@pytest.mark.parametrize(
    ("secret", "header", "body"),
    [
        ("Secret", HEADER, BODY),
        ("", HEADER, BODY),
        (SECRET, HEADER, BODY + b" "),
        (SECRET, HEADER, b""),
        (SECRET, None, BODY),
        (SECRET, "", BODY),
        (SECRET, HEADER.upper(), BODY),
        (SECRET, HEADER + " ", BODY),
        (SECRET, HEADER + ",v1=" + "0" * 64, BODY),
        (SECRET, HEADER[:-1], BODY),
        (SECRET, HEADER.replace("t=18", "t=-18"), BODY),
        (SECRET, HEADER.replace("t=1800000000", "t=1800000001"), BODY),
        (SECRET, HEADER.replace("v1=", "v2="), BODY),
        (SECRET, "t=\u0661,v1=" + "0" * 64, BODY),
    ],
)
def test_another_secret_body_time_or_form_is_refused(
    secret: str, header: str | None, body: bytes
) -> None:
    assert not is_signed(secret, header, body, NOW)


@given(st.text(min_size=1, alphabet=st.characters(codec="utf-8")), st.binary(max_size=50))
def test_what_was_signed_is_accepted_and_one_changed_byte_is_not(secret: str, body: bytes) -> None:
    header = sign(secret, body, NOW)
    assert is_signed(secret, header, body, NOW)
    assert not is_signed(secret, header, body + b"\0", NOW)
    moment, _, digest = header.partition(",v1=")
    flipped = f"{moment},v1={int(digest[0], 16) ^ 1:x}{digest[1:]}"
    assert not is_signed(secret, flipped, body, NOW)


@given(st.text(max_size=80) | st.from_regex(r"t=[0-9]{1,14},v1=[0-9a-f]{63,65}", fullmatch=True))
def test_no_header_makes_the_check_fail_otherwise(header: str) -> None:
    assert not is_signed(SECRET, header, BODY, NOW)
