"""The benchmark and the long drills: what is claimed of speed and of safety, measured.

sites           the real sites that both crawlers crawl, and what is expected on each
scrapy_spider   Scrapy's crawl, a program of its own
contenders      one run of either crawler on a fresh site, with all that was measured
measure         memory and CPU of process groups, percentiles
report          the table, the verdict and the JSON result
extraction      what the Markdown holds of pages whose content is known, beside trafilatura
  scoring, trafilatura_reader
flags           which pages would be taken for shells or challenges
drills/         long tests of the real command under kills, floods and cuts
"""
