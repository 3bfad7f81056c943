"""The real command, on made sites, with a real browser and real kills.

crawls            makes a job, waits for its end, and checks what holds for every crawl
faulty_functions  the functions behind a proxy that fails
browser           Chromium, and what a crawl's page shows in it, in order
wire              a TCP connection that can be cut, or go dead
linked_site       a site of a few pages whose links, redirects and errors a test writes down
"""
