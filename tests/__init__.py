"""Tests, and what tests, drills and the benchmark share.

server, processes   the real command started, stopped and killed; its processes in /proc
api, sse            clients of the HTTP API and of the event stream, without the product's code
nginx               a folder as a site, with an access log
walk                an independent breadth-first walk of such a site
"""
