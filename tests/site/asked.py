"""What a page is asked, where more than its path decides what comes."""

from dataclasses import dataclass
from urllib.parse import urljoin


@dataclass(frozen=True)
class Asked:
    """A request, as the pages that answer by it see it."""

    path: str
    rest: str
    """The path behind its first segment."""
    query: dict[str, str]
    headers: dict[str, str]
    """By names in lower case; the last one counts."""
    earlier: int
    """How often the same path with its query was asked for before."""

    @property
    def origin(self) -> str:
        """Where it was asked: the site has several names."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    def url(self, path: str) -> str:
        """The absolute URL of a path of the site."""
        return urljoin(self.origin, path)


def read_headers(head: bytes) -> dict[str, str]:
    """The headers of a request's head."""
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
