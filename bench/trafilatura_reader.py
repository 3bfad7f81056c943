"""Trafilatura as a process of its own, in its own environment: `python trafilatura_reader.py`.

Takes a line of JSON for each page, `[path of the .html.gz, its URL]`, and answers with one:
`[text, seconds of processor time]`. Reading and unpacking the file are not in the time.
"""

import gzip
import json
import sys
import time
from pathlib import Path

import trafilatura


def main() -> None:
    """Answers until standard input ends."""
    for line in sys.stdin:
        path, url = json.loads(line)
        body = gzip.decompress(Path(path).read_bytes())
        began = time.process_time()
        text = trafilatura.extract(body, url=url)
        seconds = time.process_time() - began
        print(json.dumps([text or "", seconds]), flush=True)


if __name__ == "__main__":
    main()
