"""What a crawl is, without a clock, a socket or a database: decisions are made here, carried out elsewhere.

urls        one page, one URL: the WHATWG form under which a page is known
reasons     why a URL has no page
"""
