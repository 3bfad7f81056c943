"""Two real sites, crawled whole at full speed."""

from bench.contenders import ALLOW_LOOPBACK, NO_LIMITS
from bench.drills.crawling import Crawl, check_everything
from bench.drills.main_text import share_held, words, words_of_page
from bench.drills.verdict import expect
from bench.sites import SITES, START_PAGE, Site
from tests.api import Api
from tests.nginx import NginxSite
from tests.server import RunningServer

LEAST_SHARE = 0.9
MOST_REQUESTS_FOR_ALL = {"python3-doc": 10}


def real_sites() -> str:
    """Each page once and no more, totals right in every event, Markdown that holds the text."""
    return "; ".join(_whole_site(site) for site in SITES.values())


def _whole_site(site: Site) -> str:
    with NginxSite(site.folder) as served, RunningServer(env=ALLOW_LOOPBACK) as server:
        api = Api(server.url)
        job = api.create(served.url + START_PAGE, **NO_LIMITS)
        with api.watch(job["id"]) as viewer:
            crawl = Crawl(site.folder, served, server, api, job["id"], [viewer])
            figures = check_everything(crawl, crawl.wait_for_end())
        return f"{site.name}: {figures}, {_check_markdown(crawl, site)}"


def _check_markdown(crawl: Crawl, site: Site) -> str:
    lists = list(
        crawl.api.page_lists(crawl.job_id, outcome="fetched", include="markdown,metadata,links")
    )
    most = MOST_REQUESTS_FOR_ALL.get(site.name)
    expect(most is None or len(lists) <= most, f"{site.name}: {len(lists)} requests for all pages")
    shares = {}
    for page in (page for pages in lists for page in pages):
        path = page["url"].removeprefix(crawl.site.url)
        html = (site.folder / path.lstrip("/")).read_bytes().decode(errors="replace")
        shares[path] = share_held(words_of_page(html), words(page["markdown"] or ""))
    poor = {path: round(share, 2) for path, share in shares.items() if share < LEAST_SHARE}
    expect(not poor, f"{site.name}: {len(poor)} pages whose text is not held: {poor}")
    return f"text held {min(shares.values()):.0%} or more, {len(lists)} requests for all Markdown"
