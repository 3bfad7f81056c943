"""Where a server comes from: what this command needs of whoever finds or starts one."""

from collections.abc import Callable
from typing import Protocol


class NoServer(Exception):
    """There is no server and none can be started; the text says why, in lines."""


class ServerSource(Protocol):
    """Finds the server of this machine, or starts one for as long as the command runs."""

    def find(self, pause: Callable[[str], None]) -> str:
        """The URL of a server that is ready.

        ``pause`` is called again and again with what is being waited for; it sleeps a moment, and
        may raise to end the search. Called again when the server was lost.

        Raises:
            NoServer: when there is none and none can be started.
        """

    def own(self) -> str | None:
        """What is to be said of a server that was started for this; None for one that was found."""

    def is_lost(self) -> bool:
        """Whether the server has ended for good, so that `find` may bring another."""

    def release(self, is_hurried: Callable[[], bool]) -> None:
        """Stops what was started here, waiting for its end unless ``is_hurried`` says so."""


class NamedServer:
    """The server that `--server` names."""

    def __init__(self, url: str) -> None:
        self._url = url

    def find(self, pause: Callable[[str], None]) -> str:
        """Its URL, whether or not it answers: calls will tell."""
        return self._url

    def own(self) -> str | None:
        """It is somebody else's."""
        return None

    def is_lost(self) -> bool:
        """Whoever runs it may bring it back."""
        return False

    def release(self, is_hurried: Callable[[], bool]) -> None:
        """It goes on."""
