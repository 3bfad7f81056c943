"""What a crawl is, without clock, socket or database: decided here, carried out elsewhere.

model       job, options, totals, URL, page
options     what a caller may ask for, validated
errors      a user's mistakes, with stable codes
lifecycle   a job's statuses as a table
events      named facts with ids, encoded once
urls        one page, one URL: the WHATWG form under which a page is known
  parameters  what only tracks visits: it makes no other page
admission   which links a job takes, by
  scope       the part of the web that it covers
  patterns    the user's include and exclude rules
  traps       shapes and budgets of what has no end
headers     headers and cookies that a user gives for a site
politeness  a job's pace: how many requests at once, how far apart
turns       what is asked and told of a turn at a host; the figures of its rules
hosts       whose turn it is at a host, over all jobs
retries     which failures pass, and when they are tried again
retry_after how long a site asks to be left alone
robots      robots.txt by RFC 9309
nofollow    what a site says about following links
freshness   which answers may be kept, and used again (RFC 9111)
mediatypes  which responses are pages
reasons     why a URL has no page
text        foreign text made safe to keep
"""
