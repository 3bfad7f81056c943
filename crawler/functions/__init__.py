"""The mission by name: three stateless functions, and the loop that calls two of them.

jobs          create a job
crawl         crawl a batch: fetch, extract links, keep bodies
process       process content: Markdown, metadata
orchestrator  claim a batch, call crawl, queue what was discovered, call process, until done
calls         how the orchestrator reaches crawl and process: HTTP, signed
leasing, crawling, processing   the orchestrator's lease and its calls in flight
applying, sitemapping           what their answers bring, and what sitemaps do
dispatching                     claims on their way to the crawl function
crawl_batch, crawl_results      a crawl call under way, and what it makes of each answer
crawl_tools                     what a worker has for its crawl calls:
  pacing, lane, hosts, turns      turns at hosts, from all workers' store or alone
  caching                         the HTTP cache during one call
  credentials                     the user's headers and cookies
  sitemaps, sitemap_visits        finding and reading sitemaps
  permission                      robots.txt on behalf of a call
room          one large page at a time
spread        which worker a call goes to
wire, call_options, process_wire    what those calls say, as JSON
"""
