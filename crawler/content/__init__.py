"""What a response's body holds, without network or clock: bytes in; links, metadata, Markdown out.

page        title and links of a page, for the crawl: on the hot path of every page
  head        what `<head>` tells a crawler
  link_header what `Link` headers tell a crawler
  links       anchors, areas, frames, and pages that head and headers name
  shells, challenges   what is no page: empty shells, checks for robots
sniffing    whether a body is a download, whatever its head says
sitemap     what a sitemap lists: XML, feeds, text
  sitemap_xml, unpacking   in pieces, within bounds
document    title, description, language and Markdown of a page, for the process function
tree        the parsed page that both start from
  mediatype   HTML, Markdown or plain text
  charset     bytes to text, by the Encoding Standard
  bounds      what no page may do to the parser and the converter
    nesting, merging  elements within elements; text that grows in many steps
metadata    title, description and language
alternate   the Markdown form that a page declares, which is its content then
about       author, dates, canonical URL, Open Graph
  jsonld, dates   linked data within bounds; ISO 8601 or nothing
outline     the headings of a Markdown text
tokens      how long a text is, in words and in tokens
mainblock   the part of a page that is its content
  boilerplate what is dropped of it: menus, comments, related pages
    frame_words what the names of blocks, and headings, tell
    survey, cards, cut, sizing  what there is; siblings alike; what is to go; how much text it holds
  pieces      of a long page, converted one by one
structure   what the converter does not know, rewritten in the tree
  codeblocks  program text: to the letter, its language, no line numbers
  tables      of data, and those that only lay text out
  admonitions, footnotes   quotes under a title; notes and what leads to them
  formulas, mathml   mathematics, as TeX
deflists, prose   what is rewritten in the HTML: definition lists, what is between code blocks
marks       characters that hold empty lines open through the conversion
markdown    HTML to Markdown, natively
fallback    HTML to Markdown by BeautifulSoup, for what the native converter refuses

Parsing (Lexbor, by selectolax) and Markdown (html-to-markdown) run in native code that releases
the GIL; both are called from the threads of a pool.
"""
