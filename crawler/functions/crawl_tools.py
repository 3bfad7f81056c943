"""What a worker has for its crawl calls."""

from dataclasses import dataclass

from crawler.domain.admission import HostRules
from crawler.fetching.fetcher import Fetcher
from crawler.fetching.robots import RobotsGate
from crawler.functions.caching import PageCache
from crawler.functions.credentials import GrantReader
from crawler.functions.pacing import HostPacing
from crawler.functions.room import Room
from crawler.functions.sitemaps import SitemapReader
from crawler.storage.bodies import BodyStore
from crawler.storage.calls import CallReader


@dataclass(frozen=True, slots=True)
class CrawlTools:
    """The parts that the crawl function calls, made once per worker."""

    fetcher: Fetcher
    robots: RobotsGate
    pacing: HostPacing
    sitemaps: SitemapReader
    bodies: BodyStore
    cache: PageCache
    reader: CallReader
    grants: GrantReader
    room: Room
    denied_hosts: HostRules
