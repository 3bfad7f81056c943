"""A page as people take it away: Markdown and metadata."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.content.document import Document, make_document
from tests.cpu import within

URL = "http://site/docs/page.html"
HTML = "text/html; charset=utf-8"

SPHINX = """<!DOCTYPE html><html lang="en"><head><title>zlib &#8212; Python</title>
<meta name="description" content="The official documentation."></head><body>
<div class="related" role="navigation"><ul><li><a href="../genindex.html">index</a></li></ul></div>
<div class="document"><div class="body" role="main"><section id="zlib">
<h1><code><span class="pre">zlib</span></code>: compression<a class="headerlink" href="#zlib"
title="Permalink to this heading">¶</a></h1>
<nav class="contents"><p>Contents</p><ul><li><a href="#use">Use</a></li></ul></nav>
<dl class="py function"><dt class="sig" id="zlib.crc32"><span class="sig-name">crc32</span>(<em
class="n">data</em>, <em>*</em>)<a class="headerlink" href="#zlib.crc32">¶</a></dt>
<dd><p>Computes a CRC of <em>data</em>, see <a class="reference" href="gzip.html#top"
title="gzip: files"><code><span class="pre">gzip</span></code></a>.</p></dd></dl>
<div class="admonition note"><p class="admonition-title">Note</p><p>Mind the sign.</p></div>
<div class="highlight-python3 notranslate"><div class="highlight"><pre><span></span><span
class="kn">import</span> <span class="nn">zlib</span>

<span class="k">if</span> a &lt; b:
    <span class="n">f</span><span class="p">(*</span><span class="n">x</span>)
</pre></div></div></section></div></div>
<div class="sphinxsidebar" role="navigation"><h3>Previous</h3></div>
<div class="footer">&copy; PSF</div></body></html>"""

SPHINX_MARKDOWN = """# `zlib`: compression

Contents

- [Use](http://site/docs/page.html#use)

- crc32(*data*, *\\**)

  Computes a CRC of *data*, see [`gzip`](http://site/docs/gzip.html#top).

> **Note**
>
> Mind the sign.

```python3
import zlib

if a < b:
    f(*x)
```"""


def markdown(html: str, content_type: str | None = HTML) -> str:
    return make_document(html.encode("utf-8", "replace"), content_type, URL).markdown


def test_a_page_of_sphinx_becomes_its_text() -> None:
    assert make_document(SPHINX.encode(), HTML, URL) == Document(
        title="zlib — Python",
        description="The official documentation.",
        language="en",
        markdown=SPHINX_MARKDOWN,
    )


def test_a_page_of_docbook_loses_only_its_navigation() -> None:
    html = """<body><div class="navheader"><a href="a.html">Prev</a></div>
    <div class="sect1"><h2 class="title">4.1. Lexis</h2><p>SQL input.</p></div>
    <div class="navfooter"><hr>Next</div></body>"""
    assert markdown(html) == "## 4.1. Lexis\n\nSQL input."


@pytest.mark.parametrize(
    ("html", "fence"),
    [
        ('<pre><code class="language-js">x</code></pre>', "js"),
        ('<pre class="language-go"><code>x</code></pre>', "go"),
        ('<pre><code class="hljs python">x</code></pre>', "python"),
        ('<pre><code class="rust hljs">x</code></pre>', "rust"),
        ('<div class="highlight-python3 notranslate"><div><pre>x</pre></div></div>', "python3"),
        ('<div class="highlight highlight-source-shell"><pre>x</pre></div>', "shell"),
        ('<div class="language-ruby highlighter-rouge"><div><pre>x</pre></div></div>', "ruby"),
        ('<pre class="brush: jscript; toolbar: false">x</pre>', "jscript"),
        ('<pre class="sourceCode haskell"><code>x</code></pre>', "haskell"),
        ('<pre class="src src-lisp">x</pre>', "lisp"),
        ('<pre data-language="toml"><code>x</code></pre>', "toml"),
        ('<pre><code data-lang="c++">x</code></pre>', "c++"),
        ('<pre class="language-C#">x</pre>', "c#"),
        ('<div class="highlight-default"><pre>x</pre></div>', ""),
        ('<pre class="language-none">x</pre>', ""),
        ('<pre class="language-a`b">x</pre>', ""),
        ("<pre>x</pre>", ""),
    ],
)  # fmt: skip
def test_a_code_block_keeps_its_language(html: str, fence: str) -> None:
    assert markdown(html) == f"```{fence}\nx\n```"


@pytest.mark.parametrize(
    ("html", "code"),
    [
        ("<pre>\n  a\n\n\tb  </pre>", "  a\n\n\tb  "),
        ("<pre><span>a</span><span> = </span><b>1</b></pre>", "a = 1"),
        ('<pre><span class="line">a</span>\n<span class="line">  b</span></pre>', "a\n  b"),
        ("<pre>a<br>b</pre>", "a\nb"),
        ('<pre>&lt;td colspan="1000"></pre>', '<td colspan="1000">'),
        ("<pre>&lt;a href=\"javascript:x\" title=\"t\"&gt; *x* _y_ &amp;lt;</pre>",
         '<a href="javascript:x" title="t"> *x* _y_ &lt;'),
        ('<pre><span class="lineno">1 </span>a\n<span class="lineno">2 </span>b</pre>', "a\nb"),
        ('<table><tr><td class="linenos"><pre>1\n2</pre><td><pre>a\nb</pre></table>', "a\nb"),
    ],
)  # fmt: skip
def test_code_is_kept_to_the_letter(html: str, code: str) -> None:
    assert markdown(html) == f"```\n{code}\n```"


def test_code_with_fences_gets_a_longer_fence() -> None:
    assert markdown("<pre>```\nx\n```</pre>") == "````\n```\nx\n```\n````"


@pytest.mark.parametrize(
    ("html", "table"),
    [
        ("<table><thead><tr><th>A<th>B</thead><tr><td>1|2<td>3</table>",
         ["| A | B |", "| --- | --- |", "| 1\\|2 | 3 |"]),
        ("<table><tr><th rowspan=2>A<th colspan=2>B<tr><td>1<td>2</table>",
         ["| A | B | |", "| --- | --- | --- |", "|   | 1 | 2 |"]),
        ("<table><tr><th>A<th>B<tr><td>a<br>b<td><p>c<p>d</table>",
         ["| A | B |", "| --- | --- |", "| a<br>b | c<br>d |"]),
    ],
)  # fmt: skip
def test_tables_are_rectangular_with_a_header_row(html: str, table: list[str]) -> None:
    lines = markdown(html).splitlines()
    assert [_cells(line) for line in lines] == [_cells(line) for line in table]


def _cells(row: str) -> list[str]:
    """The cells of a row, however they are padded."""
    return [cell.strip() for cell in row.replace("\\|", "\0").strip().strip("|").split("|")]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<dl><dt>term<dd>meaning<dl><dt>inner<dd>too</dl></dl>",
         "- term\n\n  meaning\n  - inner\n\n    too"),
        ("<h1>a</h1><h3>b</h3><h2>c</h2>", "# a\n\n### b\n\n## c"),
        ('<h2>Two <a href="#two">#</a></h2><p>x', "## Two\n\nx"),
        ('<h2><a class=anchor href="#x"><svg><path/></svg></a>Two</h2>', "## Two"),
        ("<p>x<sup>10</sup></p>", "x^10^"),
        ("<p><code>LOCK\n    TABLE</code> <pre>a\n  <code>b\n  c</code></pre>",
         "`LOCK TABLE`\n\n```\na\n  b\n  c\n```"),
        ("<blockquote><p>said</blockquote>", "> said"),
    ],
)  # fmt: skip
def test_structure_is_kept(html: str, text: str) -> None:
    assert markdown(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a href="b.html#c">l</a>', "[l](http://site/docs/b.html#c)"),
        ('<a href="?q=1">l</a>', "[l](http://site/docs/page.html?q=1)"),
        ('<a href="//o.example/x">l</a>', "[l](http://o.example/x)"),
        ('<img src="/i.png" alt="seen">', "![seen](http://site/i.png)"),
        ('<img src="data:image/png;base64,AAAA" alt="seen">', "seen"),
        ('<a href="mailto:a@b.example">l</a>', "[l](mailto:a@b.example)"),
        ('<a href="javascript:alert(1)">l</a>', "l"),
        ('<a title="x>y" href=" java\tscript:alert(1)">l</a>', "l"),
        ('<a href="data:text/html,x">l</a>', "l"),
    ],
)
def test_links_and_images_are_absolute_and_harmless(html: str, text: str) -> None:
    assert markdown(f"<p>{html}</p>") == text


def test_links_follow_the_base() -> None:
    assert markdown("<base href=/v2/><a href=b>l</a>") == "[l](http://site/v2/b)"


def test_a_less_than_sign_in_an_address_is_escaped_as_in_urls() -> None:
    html = "<p>See <a href='/a&lt;b?c<d'>it</a> <img alt=i src='<e>.png'> &lt;b&gt;"
    assert "[it](http://site/a%3Cb?c%3Cd) ![i](http://site/docs/%3Ce%3E.png)" in markdown(html)


def test_text_that_looks_like_markup_stays_text() -> None:
    html = "<p>List&lt;T> &lt;script&gt; <code>a&lt;b</code> 1 &lt; 2 *args</p>"
    assert markdown(html) == "List&lt;T> &lt;script> `a<b` 1 < 2 \\*args"


@pytest.mark.parametrize(
    "html",
    [
        '<p>so <script type="math/tex">a^2_1</script> it is</p>',
        '<p>so <math><semantics><mi>a</mi><annotation encoding="application/x-tex">a^2_1'
        "</annotation></semantics></math> it is</p>",
        '<p>so <math alttext="a^2_1"><mi>a</mi></math> it is</p>',
        '<p>so <span class="katex"><span class="katex-mathml"><math><semantics>'
        '<annotation encoding="application/x-tex">a^2_1</annotation></semantics></math></span>'
        '<span class="katex-html" aria-hidden="true">a21</span></span> it is</p>',
    ],
)
def test_formulas_are_kept_once_as_tex(html: str) -> None:
    assert markdown(html) == "so $`a^2_1`$ it is"


def test_a_formula_without_tex_gets_some() -> None:
    assert markdown("<p><math><mi>x</mi><mo>=</mo><mn>1</mn></math></p>") == "$`x=1`$"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        # the frame
        ("<nav>n</nav><main><h1>t</h1></main><footer>f</footer>", "# t"),
        ("<header>n</header><article><h1>t</h1></article><aside>a</aside>", "# t"),
        ("<body><header>n</header><p>t</p><aside>a</aside><footer>f</footer>", "t"),
        ("<main><header><h1>t</h1></header><p>u</p><aside>v</aside></main>", "# t\n\nu\n\nv"),
        ("<body><header><h1>t</h1></header><p>u</p>", "# t\n\nu"),
        ("<p>t</p><style>s</style><script>s</script><template>s</template><button>b</button>", "t"),
        # blocks that are marked wrongly
        ("<main></main><p>t</p>", "t"),
        (f"<article>teaser</article><p>{'t ' * 500}</p>", "teaser\n\n" + "t " * 499 + "t"),
        # what is hidden
        ("<main><h1>t</h1><p hidden>h</p><p style='color:red; display:none'>h</p></main>", "# t"),
        ("<main><h1>t</h1><div hidden role=tabpanel>tab</div></main>", "# t\n\ntab"),
        ("<main><h1>t</h1></main><p hidden>h</p>", "# t"),
        ("<h1>t</h1><div class='faq-answer' style='display:none'>Yes.</div>", "# t\n\nYes."),
        ("<body><div>x</div><noscript><h1>for all</h1></noscript>", "# for all"),
        ("<body><noscript>1 <noscript>2</noscript></noscript><noscript>3</noscript>", "1 23"),
    ],
)  # fmt: skip
def test_the_content_is_told_from_the_frame(html: str, text: str) -> None:
    assert markdown(html) == text


@pytest.mark.parametrize(
    ("head", "description"),
    [
        ('<meta name="Description" content=" a\n b ">', "a b"),
        ('<meta property="og:description" content="o">', "o"),
        ('<meta name="description" content=""><meta property="og:description" content="o">', "o"),
        ('<meta name="description" content="&lt;p&gt;Tom &amp;amp; J&lt;/p&gt;">', "Tom & J"),
        ('<meta name="description" content="1 < 2">', "1 < 2"),
        ('<meta name="description" content="https://site/&amp;amp;x">', "https://site/&x"),
        ("", ""),
    ],
)
def test_the_description_is_plain_text(head: str, description: str) -> None:
    document = make_document(f"<head>{head}</head><p>x".encode(), HTML, URL)
    assert document.description == description


@pytest.mark.parametrize(
    ("html", "language"),
    [
        ('<html lang="de-CH">', "de-CH"),
        ('<html lang="en_US">', "en-US"),
        ('<html xml:lang="fr">', "fr"),
        ('<meta http-equiv="Content-Language" content="pt, en">', "pt"),
        ('<html lang="{{ lang }}">', ""),
        ("", ""),
    ],
)
def test_the_language_is_a_tag_or_nothing(html: str, language: str) -> None:
    assert make_document(html.encode(), HTML, URL).language == language


@pytest.mark.parametrize(
    ("text", "content_type", "document"),
    [
        ("T\n\n  a <b> 1 < 2", "text/plain", Document("T", "", "", "T\n\n  a &lt;b> 1 < 2")),
        ("# T\n\n*x* <b>", "text/markdown", Document("T", "", "", "# T\n\n*x* <b>")),
        ("a\0b", "text/plain", Document("ab", "", "", "a\ufffdb")),
        ("", None, Document("", "", "", "")),
    ],
)  # fmt: skip
def test_texts_are_taken_as_they_are(text: str, content_type: str, document: Document) -> None:
    assert make_document(text.encode(), content_type, URL) == document


def test_what_the_converter_refuses_is_converted_all_the_same() -> None:
    html = f"<h1>Dump</h1><p>of  a <b>log</b></p><ul><li>x</ul><pre>{chr(1) * 50} \x02 a\n  b</pre>"
    assert markdown(html) == "# Dump\n\nof a log\n\n- x\n\n```\n  a\n  b\n```"


pieces = st.sampled_from(
    [
        "<main>", "</main>", "<p>", "<pre>", "<code class='language-", "<table><tr><td colspan=9>",
        "<td rowspan=-1>", "</table>", "<dl><dt>", "<dd>", "<ul><li>", "</ul>", "<h1>", "</h1>",
        "<a href='", "'>", "</a>", "<img src=x alt=", "<span class=katex>", "<math>", "</math>",
        "<annotation encoding='application/x-tex'>", "<div hidden>", "</div>", "<noscript>",
        "<template>", "<svg>", "<nav>", "<blockquote>", "&lt;x", "&#0;", "&#xD800;", "\0", "\1",
        "`", "|", "*", "é", "<!--", "<script type=math/tex>", "</script>", "<td class=linenos>",
    ]
)  # fmt: skip


@given(
    st.lists(pieces | st.text(max_size=6), max_size=40).map("".join), st.sampled_from([HTML, None])
)
def test_any_markup_becomes_text_without_nul(html: str, content_type: str | None) -> None:
    document = make_document(html.encode("utf-8", "replace"), content_type, URL)
    for text in (document.title, document.description, document.markdown):
        assert "\0" not in text
        text.encode()


@given(
    st.binary(max_size=400), st.sampled_from([HTML, None, "text/plain", "application/xhtml+xml"])
)
def test_any_bytes_become_a_document(body: bytes, content_type: str | None) -> None:
    assert isinstance(make_document(body, content_type, URL), Document)


def test_noscript_within_noscript_is_read_once() -> None:
    within(0.5, make_document, b"<noscript></a>text" * 4_000, "text/html", "http://site.test/")


def test_an_address_within_a_picture_of_a_long_page_is_no_link() -> None:
    end = "<svg><use xlink:href='#a'></use></svg><a href='javascript:x()'>b</a>"
    assert markdown("<p>text " * 150_000 + end).endswith("text b")
