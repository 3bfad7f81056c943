"""A real web site with faults, in a process of its own.

site      `Site`, which tests start and ask what it was asked for
graph     made sites of linked pages, and a breadth-first walk of them to compare with
pages     the well-behaved pages
faults    the ill-behaved ones
manners   what a site says of how to treat it: wait, do not follow
sitemaps  sitemaps of every kind
variants  one page under many addresses, pages to keep, shells and challenges
traps     addresses without end
asked     what these are asked
server    the server that these are served by (`python -m tests.site`)

| path | what comes |
|---|---|
| `/graph/<seed>/<pages>/<i>?delay=<ms>` | page i of a made site; each request waits a random time up to `delay` |
| `/page/<bytes>`, `/text`, `/markdown`, `/pdf`, `/png` | ordinary pages of several types |
| `/charset/<name>?declare=header\\|meta\\|none\\|wrong` | a page in that encoding |
| `/coding/gzip\\|deflate\\|raw-deflate\\|br\\|zstd\\|gzip,gzip`, `?cut=1`, `?plain=1` | packed; cut off; not packed but declared so |
| `/bomb/<coding>?mib=<n>` | unpacks to n MiB (50) |
| `/poison/nesting\\|attribute\\|nul\\|entities\\|control` | markup that hurts parsers |
| `/status/<code>` · `/delay/<ms>` · `/huge/<mib>` | |
| `/echo` · `/cookie` | the request's head · sets a cookie and redirects to `/echo` |
| `/raw?bytes=&pad=<n>` | those bytes (percent-encoded), `PAD` in them made n bytes long |
| `/redirect/<n>` · `/redirect-loop` · `/redirect-to?url=&status=` | url: percent-encoded bytes of Location |
| `/drop` · `/reset` · `/junk` · `/keep-then-drop` | no answer; a reset; not HTTP; closes at a connection's second request |
| `/partial` · `/excess` · `/broken-chunk` · `/cut-chunks` · `/reset-body` · `/two-lengths` · `/minus-one` | wrong framing |
| `/error-body/<status>/endless\\|slow\\|still\\|reset\\|cut` | an error with Retry-After whose body ends so, or not at all |
| `/slow-headers` · `/slow-body` · `/endless` · `/silent` | without end |
| `/header-flood` · `/long-header` · `/continue-flood` · `/trailer-flood` · `/extension-flood` | |
| `/busy/<status>?after=&as=seconds\\|date\\|none\\|junk&times=` · `/flaky/<status>?times=` | fails so often, then a page |
| `/nofollow/meta\\|header\\|agent\\|other\\|rel\\|rel-once` | links that are (not) to be followed |
| `/sitemap/<kind>?pages=&seed=` | a sitemap, see `sitemaps.KINDS` |
| `/same/…` · `/canonical/…?to=&title=&by=header` · `/tracked` | one page under many addresses |
| `/kept/etag\\|weak\\|date\\|both\\|no-store\\|private\\|vary-all\\|nothing\\|liar?version=&links=` | pages that a cache may keep or not |
| `/shell/<kind>` · `/challenge/<kind>` | see `variants.SHELLS`, `variants.CHALLENGES` |
| `/calendar/<year>/<month>` · `/facets` · `/deeper/` · `/counting?n=` | traps |
| `/links/<n>` · `/leaf/<n>` | a page of n links · what they lead to |
| `/noise/<mib>/…` | a text that can't be packed |
| whatever `Site.set_page` and `Site.refuse` set | |
| `/robots.txt` | as set by `Site.set_robots`, 404 before |
"""  # noqa: E501

from tests.site.graph import Graph, breadth_first
from tests.site.site import Site

__all__ = ["Graph", "Site", "breadth_first"]
