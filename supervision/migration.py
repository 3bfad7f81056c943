"""Brings the schema up to date and ends: `python -m supervision.migration`, DATABASE_URL set.

A process of its own, so that Ctrl-C ends it at once and the supervisor holds neither the modules
nor a connection afterwards. The URL comes by the environment, where `ps` does not show it.
"""

import os
import sys

from crawler.storage.migrate import migrate


def main() -> int:
    """Migrate; returns the exit status, after one line about what went wrong."""
    try:
        migrate(os.environ["DATABASE_URL"])
    except Exception as error:
        print(f"{type(error).__name__}: {error}".strip(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
