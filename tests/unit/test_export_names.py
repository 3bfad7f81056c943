"""Names of exported files: safe on every system, one for each page, within their folder."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.urls import canonical
from crawler.exports.names import FileNames, folded

SITE = "https://a.example"
WORDS = st.sampled_from(
    [
        "", "docs", "Docs", "index", "index.html", "a.htm", "x", "x.md", "README", "readme.html",
        "..", ".", "%2e%2e", "%2F", "a%5Cb", "CON", "nul.txt", "com1", "COM%C2%B9", "aux.", "é",
        "e%CC%81", "%E2%80%AEx", "%EF%BC%AD%EF%BC%A4", "C:", "a|b", "q?a=1", "q?A=1", "%FF", "~",
        "x~aaaaaaaaaaaa", "a.md", "%20", "...", "*<>", "K",
    ]
) | st.sampled_from(("long", "ß", "ss")).map(lambda text: text * 100)
PATHS = st.lists(WORDS | st.text(max_size=30), max_size=8).map("/".join)
URLS = st.builds(
    lambda host, path: canonical(f"{host}/{path}"),
    st.sampled_from([SITE, "http://a.example", "https://b.md", "http://[::1]:81"]),
    PATHS,
).filter(bool)
DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"} | {
    f"{name}{digit}" for name in ("com", "lpt") for digit in "0123456789¹²³"
}


def names_of(*urls: str) -> list[str]:
    names = FileNames()
    for url in urls:
        names.add(url)
    names.settle()
    return [names.of(url, url) for url in urls]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "index.md"),
        ("/library/os.html", "library/os.md"),
        ("/library/", "library/index.md"),
        ("/library", "library.md"),
        ("/guide.MD", "guide.md"),
        ("/a.php?id=3&x=%2F", "a.php-id=3&x=-.md"),
        ("/caf%C3%A9/men%C3%BC", "café/menü.md"),
        ("/cafe%CC%81", "café.md"),
        ("/nul.html", "_nul.md"),
        ("/aux.tar/con.x", "_aux.tar/_con.x.md"),
        ("/a.md/b", "a.md_/b.md"),
        ("/x%20.%20/y.", "x/y.md"),
        ("/%E2%80%AEfdp.exe", "fdp.exe.md"),
        ("/%2e%2e%2f%2e%2e/etc/passwd", "-/etc/passwd.md"),
        ("/a//b", "a/b.md"),
        ("/%FF", "%FF.md"),
    ],
)
def test_a_name_follows_the_path(path: str, name: str) -> None:
    assert names_of(SITE + path) == [name]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/docs/", "/docs/index.html"),
        ("/Docs", "/docs"),
        ("/os.html", "/os"),
        ("/stra%C3%9Fe", "/strasse"),
        ("/caf%C3%A9", "/cafe%CC%81"),
        ("/a?b", "/a%3Fb"),
        ("/" + "x" * 300 + "1", "/" + "x" * 300 + "2"),
    ],
)
def test_pages_that_want_one_name_are_told_apart_in_the_same_way_every_time(
    one: str, other: str
) -> None:
    first, second = names_of(SITE + one, SITE + other)
    assert folded(first) != folded(second)
    assert "~" in first and "~" in second
    assert names_of(SITE + other, SITE + "/more", SITE + one)[::2] == [second, first]


def test_several_hosts_have_a_folder_each() -> None:
    urls = ["https://a.example/x", "https://b.example:81/x"]
    assert names_of(*urls) == ["a.example/x.md", "b.example-81/x.md"]


def test_no_page_takes_the_place_of_the_index() -> None:
    (name,) = names_of(f"{SITE}/readme.html")
    assert name.startswith("readme~")


@given(st.lists(URLS, unique=True, max_size=20))
def test_names_are_safe_whatever_the_urls(urls: list[str]) -> None:
    names = names_of(*urls)
    assert len({folded(name) for name in (*names, "README.md")}) == len(urls) + 1
    folders = {folded(name[:at]) for name in names for at in _slashes(name)}
    assert folders.isdisjoint({folded(name) for name in names})
    for name in names:
        assert len(name.encode()) <= 200 and name.endswith(".md")
        for part in name.split("/"):
            _check_component(part)


def _slashes(name: str) -> list[int]:
    return [at for at, char in enumerate(name) if char == "/"]


def _check_component(part: str) -> None:
    assert part and len(part.encode()) <= 120
    assert not set(part) & set('<>:"/\\|?*')
    assert part == part.strip(" .") == unicodedata.normalize("NFC", part)
    assert folded(part.partition(".")[0]).rstrip() not in DEVICES
    assert not any(unicodedata.category(char)[0] == "C" for char in part)
