"""Long drills: the real command, on real sites, through kills, freezes, floods and cuts.

depth         a made site with random delays: the same pages as a breadth-first walk, every time
kills         kill -9 of the orchestrating worker and of everything; a worker frozen and let go
streams       Valkey flushed under viewers; curl cut and continued at random points
refresh       a browser that reloads, is cut off and outlives a restart, each event shown once
statements    PostgreSQL's statement log: viewers who are caught up read no events there
real_sites    two sites, whole: each page once, and its Markdown holds what the page says
manners       a site with Crawl-delay under two jobs and workers; a host that says Retry-After
page_limit    maxPages to the page with eight calls in flight, over many runs
faults        a site with everything that is wrong with sites: its end, its reasons, its memory
big_pages     a site of pages near the size limit: a worker's memory
terminal      `scripts/run crawl` in tmux: bar, cut, restart, narrow window, Ctrl-C, going on, pipes
exports       10,000 pages taken away in every form: a worker's memory; links between files, of a
              real site, in mid-crawl and after kill -9
search        10,000 pages searched beside other jobs, by every kind of query
fuzz          hostile input for a minute each for all that reads what sites send
structure     two sites: every code block to the letter, every table with its rows, in the Markdown

crawling      a crawl of a slow site to do things to, and what must hold at its end
pane          a terminal to type into and to look at
main_text     the words of a page's main text, read without the product's code
blocks        code blocks and tables of pages and of Markdown, read without the product
verdict       what a drill raises when it fails
"""
