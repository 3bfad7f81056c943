"""The real command, on made sites, with a real browser and real kills.

crawls        makes a job, waits for its end, and checks what holds for every crawl
linked_site   a site of a few pages whose links, redirects and errors a test writes down
"""
