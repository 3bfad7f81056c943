"""The parts that supervisor.py is put together from.

    requests   Ctrl-C and SIGTERM as something to ask for, without a thread
    keeping    a child that is started again when it dies, with pauses that grow
    webserver  gunicorn as such a child: its port, its readiness, its end
    migration  the schema step, in a process of its own
    lock       one server per data folder, and where it is
    visiting   a server for a command: found, or started for as long as the command runs

What is said to whoever runs Clew goes through `say` and `complain`, a line each.
"""

import sys


def say(line: str) -> None:
    """Print a line for whoever runs Clew."""
    print(line, flush=True)


def complain(line: str) -> None:
    """Print what went wrong."""
    print(f"clew: {line}", file=sys.stderr, flush=True)
