"""What a crawl is, without clock, socket or database: decided here, carried out elsewhere.

urls        one page, one URL: the WHATWG form under which a page is known
reasons     why a URL has no page
"""
