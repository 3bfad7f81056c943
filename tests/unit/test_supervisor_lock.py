"""One supervisor per data folder, and where others find it."""

import os
from pathlib import Path

import pytest

from engines import EngineError
from supervision.lock import Holder, only_supervisor, read_holder

ADDRESS = "http://127.0.0.1:8000"


def test_the_holder_is_known_while_it_holds(tmp_path: Path) -> None:
    assert read_holder(tmp_path) is None
    with only_supervisor(tmp_path, ADDRESS):
        assert read_holder(tmp_path) == Holder(os.getpid(), ADDRESS)
    assert (tmp_path / "lock").exists()
    assert read_holder(tmp_path) is None


def test_a_second_one_is_refused_and_told_whose_the_folder_is(tmp_path: Path) -> None:
    with only_supervisor(tmp_path, ADDRESS):
        refusal = pytest.raises(EngineError, match=rf"\(process {os.getpid()}\): stop that one")
        with refusal, only_supervisor(tmp_path, "http://127.0.0.1:9"):
            pass
        assert read_holder(tmp_path) == Holder(os.getpid(), ADDRESS)


def test_one_that_has_not_said_where_it_is_holds_it_all_the_same(tmp_path: Path) -> None:
    with only_supervisor(tmp_path, ADDRESS):
        (tmp_path / "lock").write_text("4711")
        assert read_holder(tmp_path) == Holder(0, "")
