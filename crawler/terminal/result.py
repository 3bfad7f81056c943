"""The result fetched and written, tried again where the way to the server breaks."""

from crawler.terminal.api import Refused, Unreachable
from crawler.terminal.destination import Destination, Occupied
from crawler.terminal.interrupts import Interrupts
from crawler.terminal.outlet import Outlet
from crawler.terminal.unpacking import BadArchive
from crawler.terminal.watching import Line

_TRIES = 3


class NotWritten(Exception):
    """The result is not where it should be; the text says why."""


def take_result(
    line: Line, job_id: str, destination: Destination, outlet: Outlet, interrupts: Interrupts
) -> str:
    """Writes the job's export; returns in words what is where.

    Raises:
        NotWritten: after some tries; what was there before is untouched.
        Interrupted: at once when an end is asked for, with nothing left half written.
    """
    tries = _TRIES if destination.path else 1  # what is on standard output can't be taken back
    while True:
        tries -= 1
        try:
            return _take(line, job_id, destination, outlet, interrupts)
        except Unreachable as error:
            if not tries:
                raise NotWritten(f"the result did not come whole: {error}") from None
        except (Refused, Occupied, BadArchive) as error:
            raise NotWritten(str(error)) from None
        except BrokenPipeError:
            raise
        except OSError as error:
            raise NotWritten(f"the result can't be written: {error}") from None


def _take(
    line: Line, job_id: str, destination: Destination, outlet: Outlet, interrupts: Interrupts
) -> str:
    def check() -> None:
        interrupts.check()
        outlet.wait("Writing the result …")

    line.persist(lambda api: api.show(job_id))  # a server that restarts is waited for
    with interrupts.armed(), line.api.export(job_id, destination.query) as chunks:
        written = destination.write(chunks, check)
    return f"Written to {written}"
