"""Proof that nothing leads into the network that the server stands in.

cases       addresses, URLs, names and ways, each with what must come of it: the tables
network     where the fetches are made: a network whose every address leads to a listener of ours
test_*      each case by each way: typed, linked, redirected to, by robots.txt, by a sitemap

Where Linux lets a test have namespaces (root, or user namespaces), packets to every address of
the internet end at the listener, the cloud's metadata address among them, and names are looked up
by the C library at the tests' own name server. Elsewhere the listener hears this machine's own
addresses, names are looked up by `tests.dns.Resolver`, and the record of what sockets were told
to connect to covers the rest.
"""
