"""The mission by name: three stateless functions, and the loop that calls two of them.

jobs          create a job
crawl         crawl a batch: fetch, extract links, keep bodies
process       process content: Markdown, metadata
orchestrator  claim a batch, call crawl, queue what was discovered, call process, until done
calls         how the orchestrator reaches crawl and process: HTTP, signed
leasing, crawling, processing   the orchestrator's lease and its calls in flight
crawl_results what a crawl call makes of each answer
spread        which worker a call goes to
wire          what those calls say, as JSON
"""
