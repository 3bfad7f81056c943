"""Sealed values: opened by the secret that sealed them, and by no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.storage.sealing import Sealer, Unsealable

SECRET = "0123456789abcdef" * 4
SEALER = Sealer(SECRET)
SEALED = SEALER.seal(b"Authorization: Bearer 1")


@given(st.binary(max_size=2_000))
def test_what_was_sealed_is_opened_on_every_machine_with_the_secret(data: bytes) -> None:
    assert Sealer(SECRET).open(SEALER.seal(data)) == data


def test_the_same_data_never_look_the_same_twice() -> None:
    assert len({SEALER.seal(b"data") for _ in range(50)}) == 50


def test_nothing_of_the_data_shows() -> None:
    assert b"Bearer" not in SEALED and b"Authorization" not in SEALED


@pytest.mark.parametrize("value", [
    b"",
    b"\x01",
    b"\x01" + bytes(11),
    b"\x02" + SEALED[1:],
    SEALED[:-1],
    SEALED + b"x",
    *(SEALED[:at] + bytes([SEALED[at] ^ 1]) + SEALED[at + 1 :] for at in range(len(SEALED))),
])
def test_a_damaged_value_is_told_from_data(value: bytes) -> None:
    with pytest.raises(Unsealable):
        SEALER.open(value)


def test_another_secret_opens_nothing() -> None:
    with pytest.raises(Unsealable):
        Sealer(SECRET[:-1] + "0").open(SEALED)


def test_a_fingerprint_is_that_of_one_text_under_one_secret() -> None:
    same = {SEALER.fingerprint("text"), Sealer(SECRET).fingerprint("text")}
    assert len(same) == 1 and len(same.pop()) == 32
    assert SEALER.fingerprint("text") != SEALER.fingerprint("text ")
    assert SEALER.fingerprint("text") != Sealer(SECRET + "0").fingerprint("text")
