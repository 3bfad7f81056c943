"""What an orchestrator remembers of its job's pages, so that most batches need not look them up.

Nearly every page is new: its content was never seen, and it names no other. Who has seen all pages
of a job knows that without asking. A worker that took the job over, or that does not
know what became of a commit, has not seen all, and asks.
"""

from collections.abc import Iterable

_MOST_PAGES = 1_000_000
_KEY_BYTES = 8
"""Enough to tell contents apart nearly always: a chance likeness only costs a look-up."""


class KnownPages:
    """Contents of a job's pages."""

    def __init__(self, *, is_complete: bool) -> None:
        """`is_complete`: the job has no page yet, so that all will be seen here."""
        self._is_complete = is_complete
        self._contents: set[bytes] = set()

    def rule_out(self, contents: Iterable[bytes], *, named: bool) -> bool:
        """Whether no page of the job can be one of these.

        `named`: one of these says that it is known under another URL.
        """
        if not self._is_complete or named:
            return False
        return self._contents.isdisjoint(content[:_KEY_BYTES] for content in contents)

    def learn(self, contents: Iterable[bytes]) -> None:
        """Takes over what a committed transaction stored."""
        self._contents.update(content[:_KEY_BYTES] for content in contents)
        if len(self._contents) > _MOST_PAGES:
            self.doubt()

    def doubt(self) -> None:
        """The fate of a commit is unknown, or there is too much to remember: not all is known."""
        self._is_complete = False
        self._contents.clear()
