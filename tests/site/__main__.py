"""Runs the test site: `python -m tests.site [certificate.pem]`, until stdin is closed."""

import asyncio
import sys

from tests.site.server import run

asyncio.run(run(sys.argv[1] if len(sys.argv) > 1 else None))
