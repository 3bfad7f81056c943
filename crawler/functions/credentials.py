"""Headers and cookies of a job's user: sealed with the origins that they are meant for.

They go to the origins of the job's roots as they were given (RFC 6454), and nowhere else: not to
where a redirect leads, not to another scheme or port, not to robots.txt or sitemaps.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from crawler.domain import urls
from crawler.domain.headers import Credentials
from crawler.storage.calls import CallReader
from crawler.storage.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Grant:
    """What a request to one of these origins carries; a `repr` shows no value."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    origins: frozenset[str] = frozenset()

    def headers_for(self, url: str) -> Mapping[str, str]:
        """Headers for a request to a canonical URL; none to a foreign origin."""
        return self.headers if urls.origin(url) in self.origins else {}


NO_GRANT = Grant()


def seal_credentials(sealer: Sealer, credentials: Credentials, roots: Iterable[str]) -> bytes:
    """Credentials for the origins of some roots (canonical URLs), as they may be stored."""
    origins = sorted({urls.origin(root) for root in roots})
    value = {"origins": origins, "credentials": credentials.as_bytes().decode()}
    return sealer.seal(json.dumps(value).encode())


class GrantReader:
    """Opens what a job was entrusted with, for a crawl call."""

    def __init__(self, reader: CallReader, sealer: Sealer) -> None:
        self._reader = reader
        self._sealer = sealer

    def read(self, job_id: str) -> Grant:
        """The job's headers with their origins.

        Raises:
            Unsealable: when they were sealed with another secret.
        """
        sealed = self._reader.credentials(job_id)
        if sealed is None:
            return NO_GRANT
        value = json.loads(self._sealer.open(sealed))
        credentials = Credentials.from_bytes(value["credentials"].encode())
        return Grant(credentials.for_request(), frozenset(value["origins"]))
