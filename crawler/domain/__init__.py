"""What a crawl is, without clock, socket or database: decided here, carried out elsewhere.

model       job, options, totals, URL, page
options     what a caller may ask for, validated
errors      a user's mistakes, with stable codes
lifecycle   a job's statuses as a table
events      named facts with ids, encoded once
urls        one page, one URL: the WHATWG form under which a page is known
scope       which URLs belong to a job
politeness  how many fetches at once, how far apart
robots      robots.txt by RFC 9309
mediatypes  which responses are pages
reasons     why a URL has no page
text        foreign text made safe to keep
"""
