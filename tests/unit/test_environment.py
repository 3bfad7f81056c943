"""How the scripts set up their environment: only when something changed, again when interrupted."""

import fcntl
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"


class Commands:
    """Stands in for running commands: notes them, and fails from a given one on."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.failing = ""

    def __call__(
        self, command: Sequence[object], **_: object
    ) -> subprocess.CompletedProcess[bytes]:
        line = " ".join(map(str, command))
        self.seen.append(line)
        failed = bool(self.failing) and self.failing in line
        return subprocess.CompletedProcess(list(command), int(failed))

    def installed(self) -> list[str]:
        return [line.rsplit("/", 1)[-1] for line in self.seen if "pip install" in line]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    stand_in = Commands()
    monkeypatch.setattr(subprocess, "run", stand_in)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    return stand_in


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script's module, set on a clone of its own."""
    spec = importlib.util.spec_from_file_location("environment", SCRIPTS / "environment.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    venv = tmp_path / ".venv"
    venv.mkdir()
    for name, value in {
        "ROOT": tmp_path, "VENV": venv, "PYTHON": venv / "bin/python",
        "COMPLETE": venv / "complete", "UNFINISHED": venv / "installing",
    }.items():
        monkeypatch.setattr(module, name, value)
    for name in ("requirements.txt", "requirements-engines.txt"):
        (tmp_path / name).write_text("package==1\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\ntool==1\n")
    return module


def test_the_second_start_installs_nothing(environment: ModuleType, commands: Commands) -> None:
    assert environment.main(["run"]) == 0
    assert commands.installed() == ["requirements.txt", "requirements-engines.txt"]
    commands.seen.clear()
    assert environment.main(["run"]) == 0
    assert commands.installed() == []


def test_what_changed_is_installed_again_and_nothing_else(
    environment: ModuleType, commands: Commands
) -> None:
    environment.main(["run"])
    environment.main(["lint"])
    commands.seen.clear()
    (environment.ROOT / "requirements.txt").write_text("package==2\n")
    environment.main(["lint"])
    assert commands.installed() == ["requirements.txt", "requirements-dev.txt"]


def test_the_engines_are_installed_without_what_their_python_sides_need(
    environment: ModuleType, commands: Commands
) -> None:
    environment.main(["run"])
    assert ["--no-deps" in line for line in commands.seen if "pip install" in line] == [False, True]


def test_an_interrupted_installation_makes_the_environment_anew(
    environment: ModuleType, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.failing = "requirements-engines.txt"
    assert environment.main(["run"]) == 1
    assert "could not set up the packages of requirements-engines.txt" in capsys.readouterr().err
    commands.failing = ""
    commands.seen.clear()
    assert environment.main(["run"]) == 0
    assert any("-m venv --clear" in line for line in commands.seen)


def test_an_environment_whose_python_is_gone_is_made_anew(
    environment: ModuleType, commands: Commands
) -> None:
    environment.main(["run"])
    commands.seen.clear()
    commands.failing = f"{environment.PYTHON} -c"
    environment.main(["run"])
    assert any("-m venv --clear" in line for line in commands.seen)


def test_an_environment_on_another_disk_is_made_anew_where_it_is(
    environment: ModuleType, commands: Commands, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    environment.VENV.rename(elsewhere)
    environment.VENV.symlink_to(elsewhere)
    assert environment.main(["run"]) == 0
    assert commands.seen[0].endswith(f"-m venv --clear {elsewhere}")


def test_clones_whose_links_lead_to_one_environment_install_one_after_the_other(
    environment: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    link = tmp_path / "another-clone"
    link.symlink_to(environment.VENV)
    flock = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", lambda file, how: flock(file, how | fcntl.LOCK_NB))
    with environment.only_one():
        monkeypatch.setattr(environment, "VENV", link)
        with pytest.raises(BlockingIOError):
            environment.main(["run"])
    assert commands.seen == []
    assert environment.main(["run"]) == 0


def test_a_clone_that_cannot_hold_an_environment_is_told_to_be_made_elsewhere(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(environment, "VENV", tmp_path / "file" / ".venv")
    assert environment.main(["run"]) == 1
    assert "clone Clew to a folder of your own" in capsys.readouterr().err


def test_no_engines_are_installed_where_both_urls_are_set(
    environment: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://host/clew")
    monkeypatch.setenv("REDIS_URL", "redis://host")
    environment.main(["run"])
    assert commands.installed() == ["requirements.txt"]


def test_musl_is_told_to_bring_its_own_servers(
    environment: ModuleType, commands: Commands,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(
        environment.sysconfig, "get_config_var", lambda _: "x86_64-alpine-linux-musl"
    )
    assert environment.main(["run"]) == 1
    assert "set DATABASE_URL and REDIS_URL" in capsys.readouterr().err


def test_missing_system_packages_are_named_where_they_cannot_be_installed(
    environment: ModuleType, commands: Commands,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(environment, "SYSTEM_PACKAGES", {"/no/such": "that", sys.executable: "py"})
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert environment.main(["test"]) == 1
    assert "the tests need these Debian packages: that\n" in capsys.readouterr().err


def test_root_gets_only_the_missing_packages_by_apt(
    environment: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "SYSTEM_PACKAGES", {"/no/such": "that", sys.executable: "py"})
    monkeypatch.setattr(environment, "SYSTEM_DOCUMENTS", {})
    monkeypatch.setattr(environment, "_can_apt", lambda: True)
    assert environment.main(["test"]) == 0
    (apt,) = (line for line in commands.seen if line.startswith("apt-get"))
    assert apt.endswith("--no-install-recommends that")


def test_documents_that_cannot_be_had_stop_no_tests(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(packages: list[str]) -> None:
        raise environment.SetupError(f"no {packages}")

    monkeypatch.setattr(environment, "SYSTEM_PACKAGES", {})
    monkeypatch.setattr(environment, "SYSTEM_DOCUMENTS", {"/no/such": "that"})
    monkeypatch.setattr(environment, "_can_apt", lambda: True)
    monkeypatch.setattr(environment, "apt_install", refuse)
    environment.install_system_packages()
    assert "Without that tests of its pages are skipped." in capsys.readouterr().err


def test_a_python_without_ensurepip_is_told_what_to_install(
    environment: ModuleType, commands: Commands,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(environment, "_can_apt", lambda: False)
    assert environment.main(["run"]) == 1
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert f"install python{version}-venv" in capsys.readouterr().err
