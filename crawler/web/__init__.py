"""Flask blueprints: what comes in by HTTP, and who may ask.

services    what requests work with
security    Host, origin, token; the policy of pages
problems    every error on its way to the client
requests    reading bodies and parameters; cursors of lists
api         jobs, events, pages as JSON
report      every URL accounted for: JSON, CSV, page
stream      event streams, for programs and for the page
functions   the endpoints of the crawl and process functions
health      alive, ready
prefix      a path prefix before Clew
pages       the pages for people: routes, and what they show
render      an event as a block of the page's stream
"""
