"""Long drills: the real command, on real sites, through kills, freezes, floods and cuts.

depth         a made site with random delays: the same pages as a breadth-first walk, every time
kills         kill -9 of the orchestrating worker and of everything; a worker frozen and let go
streams       Valkey flushed under viewers; curl cut and continued at random points
refresh       a browser that reloads, is cut off and outlives a restart, each event shown once
statements    PostgreSQL's statement log: viewers who are caught up read no events there
real_sites    two sites, whole: each page once, and its Markdown holds what the page says

crawling      a crawl of a slow site to do things to, and what must hold at its end
main_text     the words of a page's main text, read without the product's code
verdict       what a drill raises when it fails
"""
