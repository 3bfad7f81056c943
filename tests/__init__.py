"""Tests, and what tests, drills and the benchmark share.

server, processes   the real command started, stopped and killed; its processes in /proc
api, sse            clients of the HTTP API and of the event stream, without the product's code
nginx               a folder as a site, with an access log
walk                an independent breadth-first walk of such a site
dns                 a name server by script, and a resolver that asks it
cpu                 bounds of CPU time that a slow or busy machine does not break
guard/              what must not be reached, by every way that leads to a fetch
fuzzing, fragments  hostile input for all that reads what sites send
site/               a site with faults, delays and made graphs, in a process of its own
engines             the embedded engines and Debian's, for tests of storage
storage             all stores on a real database; crawls without a fetch
patched             a gevent-patched process for what needs one; fetching, pool, feeding run in it
"""
