"""Fragments of the formats that sites send, as they are meant and as they hurt: what is fuzzed.

One list for each format; `tests.fuzzing` puts them together and repeats them.
"""

ROBOTS = (
    "User-agent: *\n", "User-agent: Clew\n", "Disallow: /", "Disallow: *", "Allow: /", "Allow: /*",
    "*", "$", "\r", "\n", "\r\n", "Crawl-delay: 1\n", "Crawl-delay: 1e309\n", "Crawl-delay: nan\n",
    "Sitemap: http://site.test/s.xml\n", "#", ":", " ", "\ufeff", "%", "%2F", "%zz", "ä",
    "user-agent:", "disallow:/a*b*c*d", "\x00", "\x85", "\u2028", "a", "?",
)  # fmt: skip

SITEMAPS = (
    "<?xml version='1.0' encoding='utf-8'?>", "<?xml version='1.0' encoding='utf-16'?>",
    "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>", "<urlset>", "</urlset>",
    "<url><loc>http://site.test/a</loc></url>", "<url>", "<loc>", "</loc>", "</url>", "&a;",
    "<sitemapindex>", "<sitemap><loc>http://site.test/b.xml</loc></sitemap>", "<!--", "-->",
    "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;'>]>", "<![CDATA[", "]]>", "&b;",
    "<rss><channel>", "<item><link>http://site.test/c</link></item>", "<feed>", "<entry>",
    "<link href='/d'/>", "http://site.test/e\n", "\ufeff", "\x00", "<", ">", "&", "'", "x:",
    "<xhtml:link rel='alternate' hreflang='de' href='http://site.test/f'/>", "<x:link href='",
)  # fmt: skip

URLS = (
    "http://", "https:", "//", "/", "\\", "@", ":", "?", "#", "%", "%2e", "%00", "%zz", "..", "./",
    "a", "ä", "。", "①", "xn--", "0x7f", "127.1", "[::1]", "[", "]", "&", "=", ";", " ",
    "utm_source=x", "&gclid=1", "jsessionid=", ";jsessionid=0123456789ABCDEF0123456789ABCDEF",
    "PHPSESSID=", "sid=0123456789abcdef0123456789abcdef", "\t", "\n", "\x00", "\ud800", "\u202e",
    "site.test", "user:pw@", "-", "_", "+", "*", "page/", "2026/11/", "?n=", "javascript:",
)  # fmt: skip

TAGS = (
    "<a href='/x'>", "<a href=", "</a>", "<div>", "</div>", "<table>", "<svg>", "<template>",
    "<base href='//b.test/'>", "<base href=", "<meta http-equiv=refresh content='0;url=/r'>",
    "<meta name=robots content=nofollow>", "<link rel=canonical href=/c>", "<iframe src=/i>",
    "<link rel='next alternate' href=/n hreflang=de>", "<area href=/m rel=nofollow>", "<!--", "-->",
    "<script>", "</script>", "<style>", "<title>", "</title>", "<p>", "<b>", "<i>", "</b>", "&#x0;",
    "&amp", "&#1114112;", "<![CDATA[", "]]>", "<?xml version='1.0'?>", "<!DOCTYPE html [", "\x00",
    "<html xmlns='http://www.w3.org/1999/xhtml'>", "<noscript>", "<div id=root></div>", "<select>",
    "<math>", "<frameset>", "<plaintext>", "<textarea>", "\ufeff", "\ud800", " rel=nofollow", "'>",
    "http://127.0.0.1:6666\\@1.1.1.1", "javascript:", "data:text/html,", "%", "%zz", "#", "?", "\t",
    "<td class=x>a", "</td>a", "</b class=x>a", "<!---->a", "</body>", "<table><td>a</td>$",
)  # fmt: skip

STRUCTURE = (
    "<pre>", "</pre>", "<code>", "</code>", "<table><tr><td>", "<table><tr><th>", "<dl>", "<dt>",
    "<dd>", "</dl>", "<blockquote>", "</blockquote>", "<ul><li>", "</ul>", "<div class='note'>",
    "<div class=admonition>", "<p class=title>", "<aside class=footnote id=a>", "<sup>", "<span>",
    "<a href='#a'>1</a>", "<div class=footnotes><ol><li id=a>", "<math><msup>", "<mi>", "<mfrac>",
    "<summary><h3>", "<table class=highlight><tr><td class=blob-code>", "<span class=lineno>",
    "&lt;a", "\\(", "\\)", "\\[", "\\]", "$", "$$", "\\a", "`", "|", "\n\n", "\n", "<br>", "> ",
    "\ufdd0", "\ufdd1", "- ",
)  # fmt: skip
"""What Markdown has a form of its own for."""

HEADERS = (
    "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 301 Moved\r\n", "\r\n",
    "Content-Length: 5\r\n", "Content-Length: -1\r\n", "Transfer-Encoding: chunked\r\n", "\n",
    "Retry-After: 120\r\n", "Tue, 24 Nov 2026 12:00:00 GMT", "X-Robots-Tag: nofollow", ",",
    "Content-Type: text/html; charset=utf-8", "; charset=", '"', "'", "=", ":", " ", "\t",
    "Cache-Control: max-age=1", "no-store", "private=", 'ETag: W/"x"', "Vary: *", "\x00", "é",
    "clew:", "otherbot: noindex, ", "unavailable_after: ", "9", "99999999999999999999", "-",
    "cf-mitigated: challenge\r\n", "Set-Cookie: a=b\r\n", "Location: /", " folded\r\n",
    "Link: ", "</a>; rel=canonical", "<", ">", "; rel=", "next", 'title="a\\', "anchor=", "\\",
)  # fmt: skip
