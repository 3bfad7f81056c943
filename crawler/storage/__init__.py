"""What is kept: the truth in PostgreSQL, a fast copy of the event log in Redis.

database    the connection pool; transactions; an outage is told apart from emptiness
statements  the SQL of `sql/queries/*.sql`, by name
migrate     the schema, step by step, out of `sql/schema/*.sql`
jobs        create, show, list, move a job; the lock, the totals and the events of each change
leases      which worker orchestrates a job
  running     how many jobs may run at once
frontier    what the orchestrator writes:
  claims      the next batch, of one host
  batches     what a call's answer becomes
  redirects, duplicates   which URL a page belongs to
  discovery, budgets      links become queued URLs
  limits, exclusions      limits that changed, rules that came later
  retrying    failed URLs for another try
  samples     links that leave the job, for its report
sitemaps    a job's sitemaps, beside its frontier
waits       what is to be tried again, for people to see
pages       what was fetched and what the processor made of it
search      words in a job's pages; search_index puts them there
reports     a job accounted for
bodies      contents by hash; what remains of deleted jobs
cache       answers of sites, shared by all jobs
sealing     users' headers and cookies, unreadable without the secret
disk        how much the database takes, against the operator's limit
calls       what a crawl call asks while it runs
hosts, robots_shelf     in Redis, for all workers: turns at hosts, robots.txt
eventlog    the log's copy in Redis, and reading after an id from both
packing, keys, results  compressed columns, keys of URLs, what calls bring
"""
