"""The stores that an orchestrator works with."""

from dataclasses import dataclass

from crawler.storage.frontier import FrontierStore
from crawler.storage.furniture import FurnitureStore
from crawler.storage.leases import LeaseStore
from crawler.storage.pages import PageStore
from crawler.storage.sitemaps import SitemapStore


@dataclass(frozen=True, slots=True)
class Stores:
    """What an orchestrator reads and writes."""

    frontier: FrontierStore
    leases: LeaseStore
    pages: PageStore
    furniture: FurnitureStore
    sitemaps: SitemapStore
