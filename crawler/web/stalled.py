"""Clients that take nothing any more: told in a line, not in a traceback for each."""

from logging import LogRecord


def told_in_a_line(record: LogRecord) -> bool:
    """A filter of gunicorn's log, which takes the end of `bound_sending` for an error of ours.

    Returns True: nothing is left out.
    """
    if record.exc_info and isinstance(record.exc_info[1], TimeoutError) and _is_socket(record):
        record.msg = "a client took nothing for too long: its connection is closed"
        record.args = record.exc_info = None
    return True


def _is_socket(record: LogRecord) -> bool:
    return str(record.msg).startswith("Socket error")
