"""What is kept: the truth in PostgreSQL, a fast copy of the event log in Redis.

database    the connection pool; transactions; an outage is told apart from emptiness
statements  the SQL of `sql/queries/*.sql`, by name
migrate     the schema, step by step, out of `sql/schema/*.sql`
jobs        create, show, list, move a job; the lock, the totals and the events of each change
leases      which worker orchestrates a job
frontier    claims, results, discovery: what the orchestrator writes
pages       what was fetched and what the processor made of it
bodies      contents by hash; what remains of deleted jobs
events      the log in PostgreSQL
eventlog    the log's copy in Redis, and reading after an id from both
packing     compressed columns
"""
