"""The settings: each key's values, and what is said about a wrong one."""

import os
import stat
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import settings as settings_module
from crawler.cores import usable_cores
from crawler.settings import Settings, SettingsError, default_workers, is_loopback, load_secret
from crawler.version import PROJECT_URL, VERSION

KEYS = (
    "DATABASE_URL", "REDIS_URL", "CLEW_DATA_DIR", "CLEW_BIND", "CLEW_TOKEN", "CLEW_PUBLIC_URL",
    "CLEW_ALLOW_PRIVATE", "CLEW_FUNCTIONS_URL", "CLEW_SECRET", "WEB_CONCURRENCY", "CLEW_DB_POOL",
    "CLEW_USER_AGENT", "CLEW_CONTACT", "CLEW_CA_BUNDLE", "CLEW_DENY_HOSTS", "CLEW_MAX_PAGES",
    "CLEW_MAX_RUNNING_JOBS", "CLEW_ALLOW_IGNORE_ROBOTS", "CLEW_MAX_DISK", "CLEW_CACHE_SIZE",
)

GIB = 2**30


def read(**environ: str) -> Settings:
    return Settings.from_environ(environ)


def complaint(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(**environ)
    return str(caught.value)


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = read()
    assert (settings.bind_host, settings.bind_port) == ("127.0.0.1", 8000)
    assert settings.database_url is settings.redis_url is None
    assert settings.token is settings.public_url is settings.functions_url is None
    assert settings.secret is settings.contact is settings.ca_bundle is None
    assert settings.allow_private == ()
    assert settings.db_pool == 8
    assert settings.workers == default_workers()
    assert settings.user_agent == f"Clew/{VERSION} (+{PROJECT_URL})"
    assert settings.deny_hosts is settings.max_pages is settings.max_running_jobs is None
    assert settings.max_disk_bytes is None and settings.cache_bytes == GIB
    assert settings.allow_ignore_robots is True


@pytest.mark.parametrize("key", KEYS)
def test_an_empty_value_counts_as_unset(key: str) -> None:
    assert read(**{key: "  "}) == read()


@pytest.mark.parametrize(("value", "expected"), [
    ("127.0.0.1:80", ("127.0.0.1", 80)),
    ("localhost:65535", ("localhost", 65535)),
    ("[::1]:8000", ("::1", 8000)),
    ("127.8.9.1:1", ("127.8.9.1", 1)),
])
def test_a_loopback_address_needs_no_token(value: str, expected: tuple[str, int]) -> None:
    settings = read(CLEW_BIND=value)
    assert (settings.bind_host, settings.bind_port) == expected


@pytest.mark.parametrize("value", ["0.0.0.0:8000", "[::]:8000", "192.168.1.2:80", "crawler:8000"])
def test_an_address_that_others_reach_needs_a_token(value: str) -> None:
    assert "CLEW_BIND" in (text := complaint(CLEW_BIND=value)) and "CLEW_TOKEN" in text
    assert read(CLEW_BIND=value, CLEW_TOKEN="open-sesame").token == "open-sesame"


def test_a_public_url_needs_a_token() -> None:
    assert "CLEW_TOKEN" in complaint(CLEW_PUBLIC_URL="https://crawl.example.org")
    settings = read(CLEW_PUBLIC_URL="https://example.org/clew/", CLEW_TOKEN="open-sesame")
    assert settings.public_url == "https://example.org/clew"


@pytest.mark.parametrize(("key", "value"), [
    ("DATABASE_URL", "mysql://host/clew"),
    ("DATABASE_URL", "host=/tmp dbname=clew"),
    ("DATABASE_URL", "postgresql://[::1/clew"),
    ("REDIS_URL", "http://host"),
    ("REDIS_URL", "redis://host:port"),
    ("CLEW_DATA_DIR", "/etc/passwd"),
    ("CLEW_BIND", "8000"),
    ("CLEW_BIND", ":8000"),
    ("CLEW_BIND", "127.0.0.1"),
    ("CLEW_BIND", "127.0.0.1:0"),
    ("CLEW_BIND", "127.0.0.1:65536"),
    ("CLEW_BIND", "127.0.0.1:http"),
    ("CLEW_BIND", "::1:8000"),
    ("CLEW_BIND", "[localhost]:8000"),
    ("CLEW_BIND", "[::1]"),
    ("CLEW_BIND", "http://127.0.0.1:8000"),
    ("CLEW_PUBLIC_URL", "crawl.example.org"),
    ("CLEW_PUBLIC_URL", "ftp://crawl.example.org"),
    ("CLEW_PUBLIC_URL", "https://"),
    ("CLEW_PUBLIC_URL", "https://example.org/?a=b"),
    ("CLEW_PUBLIC_URL", "https://user@example.org/"),
    ("CLEW_ALLOW_PRIVATE", "localhost"),
    ("CLEW_ALLOW_PRIVATE", "10.0.0.5/8"),
    ("CLEW_ALLOW_PRIVATE", "10.0.0.0/8;fd00::/8"),
    ("CLEW_FUNCTIONS_URL", "unix:///tmp/x"),
    ("WEB_CONCURRENCY", "0"),
    ("WEB_CONCURRENCY", "-1"),
    ("WEB_CONCURRENCY", "two"),
    ("WEB_CONCURRENCY", "1e3"),
    ("WEB_CONCURRENCY", "65"),
    ("CLEW_DB_POOL", "1"),
    ("CLEW_DB_POOL", "8.5"),
    ("CLEW_USER_AGENT", "Clew\r\nX-Evil: 1"),
    ("CLEW_USER_AGENT", "Krähe"),
    ("CLEW_CONTACT", "a\nb"),
    ("CLEW_CA_BUNDLE", "/nowhere/ca.pem"),
    ("CLEW_CA_BUNDLE", "/etc/passwd"),
    ("CLEW_DENY_HOSTS", "http://example.com/"),
    ("CLEW_DENY_HOSTS", "exa mple.com"),
    ("CLEW_DENY_HOSTS", "example.com,*"),
    ("CLEW_DENY_HOSTS", "10.0.0.0/33"),
    ("CLEW_MAX_PAGES", "0"),
    ("CLEW_MAX_PAGES", "-5"),
    ("CLEW_MAX_PAGES", "many"),
    ("CLEW_MAX_RUNNING_JOBS", "0"),
    ("CLEW_MAX_RUNNING_JOBS", "1.5"),
    ("CLEW_ALLOW_IGNORE_ROBOTS", "maybe"),
    ("CLEW_ALLOW_IGNORE_ROBOTS", "2"),
    ("CLEW_MAX_DISK", "10 gigabytes"),
    ("CLEW_MAX_DISK", "1000"),
    ("CLEW_MAX_DISK", "0"),
    ("CLEW_MAX_DISK", "2000000T"),
    ("CLEW_CACHE_SIZE", "-1G"),
    ("CLEW_CACHE_SIZE", "1.5G"),
])
def test_a_wrong_value_is_named_in_one_line(key: str, value: str) -> None:
    text = complaint(**{"CLEW_TOKEN": "open-sesame", key: value})
    shown = repr(value).replace("https://user@", "***@")
    assert text.startswith(f"{key} is {shown}: expected ")
    assert "\n" not in text and len(text) < 500


@pytest.mark.parametrize(("key", "value", "hidden"), [
    ("CLEW_TOKEN", "my token", "my token"),
    ("CLEW_SECRET", "too-short", "too-short"),
    ("DATABASE_URL", "mysql://clew:hid/den@host/clew", "den@"),
    ("DATABASE_URL", "clew:hidden@host", "hidden"),
    ("DATABASE_URL", "mysql://host/clew?password=hidden&x=1", "hidden"),
    ("REDIS_URL", "http://:hidden@host", "hidden"),
    ("CLEW_PUBLIC_URL", "https://user:hidden@example.org", "hidden"),
])
def test_secrets_are_never_repeated(key: str, value: str, hidden: str) -> None:
    text = complaint(**{"CLEW_TOKEN": "open-sesame", key: value})
    assert key in text and hidden not in text


def test_networks_are_read_as_networks() -> None:
    networks = read(CLEW_ALLOW_PRIVATE="127.0.0.0/8, fd00::/8,10.1.2.3").allow_private
    assert networks == tuple(map(ip_network, ("127.0.0.0/8", "fd00::/8", "10.1.2.3/32")))


@pytest.mark.parametrize(("value", "expected"), [
    ("1M", 2**20), ("10G", 10 * GIB), ("10g", 10 * GIB), ("2 GiB", 2 * GIB), ("512MB", GIB // 2),
    ("1T", 2**40), ("1048576", 2**20), ("2048K", 2**21),
])
def test_sizes_are_read_in_powers_of_1024(value: str, expected: int) -> None:
    assert read(CLEW_MAX_DISK=value).max_disk_bytes == expected


def test_the_cache_takes_no_more_than_a_quarter_of_the_disk() -> None:
    assert read(CLEW_CACHE_SIZE="0").cache_bytes == 0
    assert read(CLEW_CACHE_SIZE="3G").cache_bytes == 3 * GIB
    assert read(CLEW_MAX_DISK="2G").cache_bytes == GIB // 2
    assert read(CLEW_MAX_DISK="2G", CLEW_CACHE_SIZE="100M").cache_bytes == 100 * 2**20


def test_the_bounds_of_all_users_are_read() -> None:
    settings = read(CLEW_MAX_PAGES="500", CLEW_MAX_RUNNING_JOBS="2", CLEW_ALLOW_IGNORE_ROBOTS="0")
    assert (settings.max_pages, settings.max_running_jobs) == (500, 2)
    assert settings.allow_ignore_robots is False
    rules = read(CLEW_DENY_HOSTS="example.com, *.internal,10.0.0.0/8").deny_hosts
    assert rules is not None
    hosts = ("www.example.com", "a.internal", "internal", "10.1.2.3", "example.org")
    assert [rules.denies(host) for host in hosts] == [True, True, False, True, False]


def test_answers_depend_on_who_asks_and_where_it_may_go() -> None:
    realms = {
        read().fetch_realm,
        read(CLEW_USER_AGENT="Other/1").fetch_realm,
        read(CLEW_ALLOW_PRIVATE="10.0.0.0/8").fetch_realm,
        read(CLEW_DENY_HOSTS="example.com").fetch_realm,
    }
    assert len(realms) == 4


@pytest.mark.parametrize(("agent", "contact", "expected"), [
    ("", "ops@example.org", f"Clew/{VERSION} (+{PROJECT_URL}; ops@example.org)"),
    ("Mine/1", "", "Mine/1"),
    ("Mine/1", "ops@example.org", "Mine/1 (ops@example.org)"),
    ("Mine/1 (ops@example.org)", "ops@example.org", "Mine/1 (ops@example.org)"),
])
def test_the_contact_stands_in_the_user_agent(agent: str, contact: str, expected: str) -> None:
    assert read(CLEW_USER_AGENT=agent, CLEW_CONTACT=contact).user_agent == expected


@pytest.mark.parametrize(("uid", "xdg", "expected"), [
    (0, "/x", "/var/lib/clew"),
    (1000, "/x", "/x/clew"),
    (1000, "relative", "/home/me/.local/share/clew"),
    (1000, "", "/home/me/.local/share/clew"),
])
def test_the_data_folder_follows_the_user(
    monkeypatch: pytest.MonkeyPatch, uid: int, xdg: str, expected: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setenv("HOME", "/home/me")
    assert read(XDG_DATA_HOME=xdg).data_dir == Path(expected)


def test_a_data_folder_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    assert read(CLEW_DATA_DIR="data/../here").data_dir == tmp_path / "here"
    assert read(CLEW_DATA_DIR="~/clew").data_dir == Path("/home/me/clew")


@given(st.dictionaries(st.sampled_from(KEYS), st.text(max_size=60)))
def test_any_environment_is_accepted_or_refused_in_one_line(environ: dict[str, str]) -> None:
    try:
        Settings.from_environ(environ)
    except SettingsError as error:
        assert len(str(error).splitlines()) == 1


@pytest.mark.parametrize(("host", "expected"), [
    ("127.0.0.1", True), ("::1", True), ("LOCALHOST", True), ("0.0.0.0", False),
    ("::", False), ("example.org", False), ("localhost.example.org", False),
])
def test_loopback_is_told_from_the_rest(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_the_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    secret = load_secret(tmp_path)
    assert len(secret) == 64 and int(secret, 16)
    assert load_secret(tmp_path) == secret
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_the_first_of_two_writers_of_the_secret_wins(tmp_path: Path) -> None:
    settings_module._write_once(tmp_path / "secret", "a" * 64)
    settings_module._write_once(tmp_path / "secret", "b" * 64)
    assert load_secret(tmp_path) == "a" * 64


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    with pytest.raises(SettingsError, match="holds no secret"):
        load_secret(tmp_path)


@pytest.mark.parametrize(("membership", "files", "expected"), [
    ("0::/\n", {"cpu.max": "max 100000\n"}, 64),
    ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
    ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),
    ("0::/\n", {"cpu.max": "50000 100000\n"}, 1),
    ("0::/a/b\n", {"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"}, 3),
    ("0::/a/b\n", {"cpu.max": "500000 100000"}, 5),  # the group's own folder is not mounted
    ("4:cpu,cpuacct:/d\n", {
        "cpu,cpuacct/d/cpu.cfs_quota_us": "400000", "cpu,cpuacct/d/cpu.cfs_period_us": "100000",
    }, 4),
    ("4:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 64),
    ("5:memory:/m\n", {"m/cpu.max": "100000 100000"}, 64),
    ("0::/\n", {"cpu.max": "garbage"}, 64),
    ("0::/\n", {"cpu.max": "100000 0"}, 64),
    ("", {}, 64),
])
def test_a_container_quota_bounds_the_cores(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    membership: str, files: dict[str, str], expected: int,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    for name, text in files.items():
        (tmp_path / "mount" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mount" / name).write_text(text)
    (tmp_path / "cgroup").write_text(membership)
    assert usable_cores(tmp_path / "cgroup", tmp_path / "mount") == expected


@pytest.mark.parametrize(("cores", "expected"), [(1, 2), (2, 2), (5, 5), (64, 8)])
def test_workers_follow_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, expected: int
) -> None:
    monkeypatch.setattr(settings_module, "usable_cores", lambda: cores)
    assert default_workers() == expected


def test_a_system_without_control_groups_goes_by_affinity(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "none", tmp_path) >= 1
