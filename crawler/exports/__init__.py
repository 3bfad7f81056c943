"""A crawl taken away: at any moment of it, in memory that does not grow with it.

    stock ───── which pages there are, eight bytes each; then they are read slice by slice
      │
      ├─ folder ─────── zip: a file a page, links between pages lead to files
      │    names          which file a page is, on every system
      │    rewriting      links (crawler.domain.markdown_links)
      ├─ one_file ───── md
      ├─ llms ───────── llms.txt, by sections
      ├─ llms_full ──── all text; in parts of at most so many tokens
      ├─ json_lines ─── jsonl
      └─ sitemap ────── sitemap
    archive     a ZIP written to no file
    wording     what an export says of itself
    formats     all of them, by name

What is read is fixed when an export begins. It ends broken, never as a seemingly whole file, when
its job is deleted meanwhile or the database goes away: whoever iterates over it gets the error.
"""
