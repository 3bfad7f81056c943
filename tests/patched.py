"""A process in which gevent has made the sockets cooperative, as in the server's workers.

pytest's own process stays as it is. A test calls a module-level function there by `run`; what
it returns or raises comes back.
"""

import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

ROOT = Path(__file__).resolve().parent.parent

_LOOP = """
from gevent import monkey
monkey.patch_all()
import pickle, sys
calls, answers = sys.stdin.buffer, sys.stdout.buffer
sys.stdout = sys.stderr
while True:
    try:
        function, args, kwargs = pickle.load(calls)
    except EOFError:
        break
    try:
        answer = (True, function(*args, **kwargs))
    except Exception as error:
        answer = (False, error)
    pickle.dump(answer, answers)
    answers.flush()
"""


class PatchedProcess:
    """The process, from the beginning of the `with` block to its end.

    `prefix` is a command that runs another one: it makes the process's surroundings.
    """

    def __init__(self, prefix: Sequence[str] = ()) -> None:
        self._prefix = list(prefix)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [*self._prefix, sys.executable, "-c", _LOOP],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `function`, found there by module and name, returns; what it raises is raised."""
        assert self._process.stdin is not None and self._process.stdout is not None
        pickle.dump((function, args, kwargs), self._process.stdin)
        self._process.stdin.flush()
        worked, answer = pickle.load(self._process.stdout)
        if worked:
            result: R = answer
            return result
        failure: Any = answer
        raise failure
