"""Bytes to text by the Encoding Standard: marks, headers, declarations, guesses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.content.charset import PRESCAN_BYTES, codec_for, decode
from tests.cpu import within

HTTP_EQUIV = '<meta http-equiv="Content-Type" content="text/html; charset=euc-kr">'
XML = "<?xml version='1.0' encoding='iso-8859-2'?>"


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        # a byte order mark beats everything
        ("\ufeffé".encode(), "text/html; charset=iso-8859-1", "é"),
        (b"\xff\xfe" + "é".encode("utf-16-le"), None, "é"),
        (b"\xfe\xff" + "é".encode("utf-16-be"), "text/html; charset=utf-8", "é"),
        # then the header
        ("é".encode(), "text/html; charset=utf-8", "é"),
        ("é".encode("cp1252"), "text/html; charset=ISO-8859-1", "é"),
        ("é".encode("cp1252"), 'text/html; charset="latin1"', "é"),
        (b"\x80", "text/html; charset=iso-8859-1", "€"),
        ("привет".encode("koi8-r"), "text/html;charset=koi8-r", "привет"),
        ("日本".encode("cp932"), "text/html; charset=shift_jis", "日本"),
        ("中文".encode("gb18030"), "text/html; charset=gb2312", "中文"),
        ("é".encode(), "text/html; charset=rot13", "é"),
        ("é".encode(), "text/html; charset=nonsense", "é"),
        ("é".encode(), "text/html; charset=", "é"),
        # then what the page declares
        (b"<meta charset=windows-1251>\xb8", None, "<meta charset=windows-1251>ё"),
        (HTTP_EQUIV.encode() + "한".encode("cp949"), "text/html", HTTP_EQUIV + "한"),
        (XML.encode() + b"\xb1", None, XML + "ą"),
        (b"<meta charset=utf-16>" + "é".encode(), None, "<meta charset=utf-16>é"),
        (b"<!-- <meta charset=koi8-r> -->" + "é".encode(), None, "<!-- <meta charset=koi8-r> -->é"),
        # then UTF-8 if it is, windows-1252 if not
        ("é".encode(), None, "é"),
        ("é".encode("cp1252"), None, "é"),
        (b"", None, ""),
        # what the encoding does not allow
        (b"a\xffb", "text/html; charset=utf-8", "a\ufffdb"),
        (b"a\x81b", None, "a\ufffdb"),
    ],
)  # fmt: skip
def test_text_is_read_as_browsers_read_it(body: bytes, content_type: str | None, text: str) -> None:
    assert decode(body, content_type) == text


def test_a_declaration_after_the_prescan_is_not_looked_for() -> None:
    body = b" " * PRESCAN_BYTES + b"<meta charset=koi8-r>" + "é".encode()
    assert decode(body, None).endswith("é")


@pytest.mark.parametrize("label", ["rot13", "zip", "base64", "unicode_escape", "idna", "utf-7", ""])
def test_codecs_that_are_no_encodings_of_pages_are_not_used(label: str) -> None:
    assert codec_for(label) is None


@given(st.text())
def test_valid_utf8_comes_back_as_it_was(text: str) -> None:
    assert decode(text.encode(), "text/html; charset=utf-8") == text.removeprefix("\ufeff")


@given(st.binary(max_size=200), st.none() | st.text(max_size=60))
def test_decoding_never_raises(body: bytes, content_type: str | None) -> None:
    assert isinstance(decode(body, content_type), str)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"x", "charset=" + " " * 30_000 + ";"),
        (b"x", "charset" * 30_000),
        (b"<meta " * 100 + b"charset=" + b" " * 416 + b";\xff", None),
        (b"<meta charset " * 73 + b"\xff", None),
    ],
)
def test_no_declaration_takes_long_to_read(body: bytes, content_type: str | None) -> None:
    within(0.01, decode, body, content_type)
