"""What a worker crawls with: made once, before it forks off work; nothing is opened yet."""

import time
from dataclasses import dataclass

from gevent.threadpool import ThreadPool

from crawler.domain.admission import NO_HOST_RULES
from crawler.fetching.fetcher import FetchConfig, Fetcher
from crawler.fetching.robots import RobotsGate
from crawler.functions.caching import PageCache
from crawler.functions.crawl_tools import CrawlTools
from crawler.functions.credentials import GrantReader
from crawler.functions.pacing import HostPacing
from crawler.functions.room import Room
from crawler.functions.sitemaps import SitemapReader
from crawler.settings import Settings
from crawler.storage.bodies import BodyStore
from crawler.storage.cache import HttpCache
from crawler.storage.calls import CallReader
from crawler.storage.database import Database
from crawler.storage.hosts import RedisHosts, connect
from crawler.storage.robots_shelf import RobotsShelf
from crawler.storage.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Engines:
    """Where a worker keeps things."""

    database: Database
    redis_url: str
    bodies: BodyStore
    cache: HttpCache


def crawl_tools(
    settings: Settings, engines: Engines, sealer: Sealer, threads: ThreadPool, room: Room
) -> CrawlTools:
    """The tools of a worker's crawl function, by its settings."""
    fetcher = _fetcher(settings)
    hosts = connect(engines.redis_url)
    robots = RobotsGate(fetcher, time.monotonic, RobotsShelf(hosts))
    reader = CallReader(engines.database)
    return CrawlTools(
        fetcher=fetcher,
        robots=robots,
        pacing=HostPacing(RedisHosts(hosts), settings.workers, time.monotonic),
        sitemaps=SitemapReader(fetcher, robots, threads),
        bodies=engines.bodies,
        cache=PageCache(engines.cache, engines.bodies, time.monotonic),
        reader=reader,
        grants=GrantReader(reader, sealer),
        room=room,
        denied_hosts=settings.deny_hosts or NO_HOST_RULES,
    )


def _fetcher(settings: Settings) -> Fetcher:
    return Fetcher(
        FetchConfig(
            user_agent=settings.user_agent,
            allow_private=settings.allow_private,
            ca_bundle=settings.ca_bundle,
            deny=settings.deny_hosts,
        )
    )
