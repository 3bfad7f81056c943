"""At the operator's limit for the disk jobs pause and say why."""

from tests.api import Api
from tests.e2e.crawls import ENVIRONMENT
from tests.server import RunningServer
from tests.site import Site


def test_a_full_disk_pauses_jobs_and_says_why(site: Site) -> None:
    urls = [site.url(f"/noise/4/{number}") for number in range(40)]
    with RunningServer(env=ENVIRONMENT | {"CLEW_MAX_DISK": "30M"}) as running:
        api = Api(running.url)
        # Slower than the disk is looked at.
        job = api.create(urls=urls, maxDepth=0, sitemap="skip", delayMs=400)
        paused = api.wait(job["id"], "paused")
        assert "CLEW_MAX_DISK" in paused["error"]
        assert paused["totals"]["queued"] > 0
        late = api.create(site.url("/leaf/1"))
        assert "CLEW_MAX_DISK" in api.wait(late["id"], "paused")["error"]
