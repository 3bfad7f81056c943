"""The real sites: documentation that Debian ships, served by nginx."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Site:
    """A folder to serve, its Debian package, and the least ratio of Clew's speed to Scrapy's."""

    name: str
    folder: Path
    least_ratio: float


SITES = {
    site.name: site
    for site in (
        Site("python3-doc", Path("/usr/share/doc/python3/html"), 4.0),
        Site("postgresql-doc-15", Path("/usr/share/doc/postgresql-doc-15/html"), 1.5),
    )
}
START_PAGE = "/index.html"
