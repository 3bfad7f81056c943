"""What a page carries beside its content is dropped, and what is content is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.content.document import make_document
from crawler.content.frame_words import Doubt, doubt_of, heads_extra, is_aside, is_talk
from tests.cpu import within

URL = "http://site.test/thread"
SENTENCE = "Ariadne gave Theseus a ball of thread, and he tied its end to the door of the maze. "
TEXT = f"<h1>The maze</h1><p>{SENTENCE * 9}</p><p>{SENTENCE * 9}</p>"

CARD = "<div class=card><img src=/i.png><a href=/a>{}</a></div>"


def markdown(html: str) -> str:
    return make_document(html.encode(), "text/html", URL).markdown


def page(*blocks: str) -> str:
    return f"<body><div class=page>{TEXT}{''.join(blocks)}</div></body>"


@pytest.mark.parametrize(
    "block",
    [
        "<nav>frame</nav>",
        "<div role=navigation>frame</div>",
        "<header>frame</header>",
        "<aside>frame</aside>",
        "<dialog open>frame</dialog>",
        "<form action=/find><input name=q>frame</form>",
        "<div class=site-footer>frame</div>",
        "<div id=footer>frame</div>",
        "<div id=cookie-law-info-bar>frame</div>",
        "<div class='ModalDialog open'>frame</div>",
        "<ul class=breadcrumbs><li>frame</ul>",
        "<div class=social-share><a href=/f>frame</a></div>",
        "<section class=newsletter-signup>frame</section>",
        f"<div id=comments><p>frame {SENTENCE * 90}</div>",
        f"<div class=product-reviews><p>frame {SENTENCE * 90}</div>",
        "<div class=author-box>frame</div>",
        f"<div class=latest-news><a href=/a>frame {SENTENCE * 3}</a></div>",
        "<div class=meta>frame</div>",
        "<div><h2>Related posts</h2><ul><li><a href=/a>frame</a></ul></div>",
        "<section><div><h3>You may also like</h3></div><div>frame</div></section>",
        f"<div class=col>{CARD.format('a frame for it') * 4}</div>",
    ],
)
def test_what_frames_a_text_is_dropped(block: str) -> None:
    found = markdown(page(block, "<p>The end."))
    assert "frame" not in found
    assert "ball of thread" in found and found.endswith("The end.")


@pytest.mark.parametrize(
    "block",
    [
        # names that say something else
        "<div class=has-sidebar><p>kept</div>",
        "<div class='layout with-left-sidebar'><p>kept</div>",
        "<section id=cookies><h2>Cookies</h2><p>kept</section>",
        "<section id=menu><span id=x></span><h2>The menu</h2><p>kept</section>",
        "<div id=HOW-TO-SHARE-ALL-FILES><p>kept</div>",
        "<aside class='footnote brackets'>kept</aside>",
        "<aside class=sidebar><p class=sidebar-title>Important</p>kept</aside>",
        "<nav class=contents>kept</nav>",
        "<div role=tabpanel id=menu-panel>kept</div>",
        "<form action=/vote><input type=hidden name=n><p>kept</form>",
        "<p class=meta>kept</p>",
        "<table class=menu><tr><td>kept</table>",
        # names that may say so, of a block that reads like a text
        f"<div class=latest-news><p>kept {SENTENCE * 3}</div>",
        # headings of chapters
        "<section id=related-links><h2>Related links</h2><p>kept</section>",
        "<h2 id=comments>Comments</h2><p>kept",
        "<h2>Comment</h2><p>kept",
        "<h2>Sharing</h2><p>kept",
        "<h2>Related work on mazes</h2><p>kept",
        # siblings that are no cards
        "<ul>" + "<li><a href=/a>kept by name</a></ul>" * 4 + "</ul>",
        "<div>" + "<div class=figure><img src=/i.png>kept by name</div>" * 4 + "</div>",
        f"<div class=col>{CARD.format(f'kept {SENTENCE * 9}') * 4}</div>",
    ],
)  # fmt: skip
def test_what_belongs_to_a_text_is_kept(block: str) -> None:
    assert "kept" in markdown(page(block, "<p>The end."))


@pytest.mark.parametrize(
    "html",
    [
        "<div class=modal><h1>kept</h1></div><p>text",
        f"<div class=sidebar>kept {SENTENCE * 9}</div><p>text",
        f"<div class=popular>{'kept ' * 40}</div><p>{'text ' * 40}",
        f"<div class=col>{CARD.format('kept by price') * 9}</div>",
        f"<div class=comments>kept {SENTENCE * 9}</div><h1>Thread</h1><p>first post",
        f"<div class=news>{'<div class=news-item>kept in the list</div>' * 20}</div>",
    ],
)  # fmt: skip
def test_what_is_most_of_a_page_is_its_content(html: str) -> None:
    assert "kept" in markdown(f"<body>{html}")


@pytest.mark.parametrize(
    "html",
    [
        "<nav>kept</nav>",
        "<div class=footer>kept <a href=/a>all</a></div>",
        "<header>kept</header><nav>a</nav>",
        "<footer>kept</footer>",
        "<button>kept</button>",
        "<main><div class=cookie-banner>kept</div></main>",
    ],
)
def test_a_page_that_is_all_frame_keeps_its_largest_part(html: str) -> None:
    assert "kept" in markdown(f"<body>{html}")


blocks = st.recursive(
    st.text("abc ", min_size=1).filter(str.strip),
    lambda inner: st.builds(
        "<{0} class='{1}'>{2}</{0}>".format,
        st.sampled_from(("div", "nav", "aside", "footer", "header", "section", "form", "ul")),
        st.sampled_from(("", "menu", "footer", "cookie", "comments", "card", "meta", "author")),
        st.lists(inner, min_size=1, max_size=4).map("<img src=i><a href=/a>x</a>".join),
    ),
    max_leaves=12,
)  # fmt: skip


@given(blocks)
def test_a_page_with_text_is_never_empty(html: str) -> None:
    assert markdown(f"<body>{html}").strip()


@pytest.mark.parametrize(
    ("names", "doubt"),
    [
        ("site-footer", Doubt.FRAME),
        ("SiteFooter_root__x1", Doubt.FRAME),
        ("footerless", Doubt.NONE),
        ("related posts", Doubt.EXTRA),
        ("menu footer", Doubt.FRAME),
        ("byline", Doubt.BYLINE),
        ("entry-meta", Doubt.SUSPECT),
        ("page-has-sidebar", Doubt.NONE),
        ("x " * 400 + "footer", Doubt.NONE),
        ("", Doubt.NONE),
    ],
)
def test_names_tell_what_a_block_is_for(names: str, doubt: Doubt) -> None:
    assert doubt_of(names) is doubt


def test_what_readers_say_and_what_stands_beside_a_text_have_names() -> None:
    assert is_talk("post-comments") and is_talk("reviews") and not is_talk("commentary")
    assert is_aside("footnote brackets") and not is_aside("topic-map")


@pytest.mark.parametrize(
    "heading",
    [
        "Related articles", "RELATED", "More from this author", "Latest news", "Our latest posts",
        "12 comments", "Leave a Reply", "Share this:", "You might also like", "Customer reviews",
        "Sign up for our newsletter", "Most read", "Tags",
    ],
)  # fmt: skip
def test_a_heading_tells_that_what_follows_is_no_content(heading: str) -> None:
    assert heads_extra(heading)


@pytest.mark.parametrize(
    "heading",
    [
        "Related work", "More on lists", "Comment syntax", "See also", "Sharing data", "News",
        "Latest changes in the parser", "Tags and branches", "Contents", "",
        "You might also like to read what was said on it by all of the others who did so",
    ],
)  # fmt: skip
def test_a_heading_of_a_chapter_is_none(heading: str) -> None:
    assert not heads_extra(heading)


@pytest.mark.parametrize(
    "html",
    [
        "<div class=menu>" * 390 + SENTENCE * 10_000,
        "<div class=menu>menu</div>" * 40_000,
        "<h2>Related</h2>" * 40_000,
        "<div><h2>Related posts</h2>" * 390 + SENTENCE * 9_000,
        "<div class=card><a href=/a><img src=i>words in it</a></div>" * 15_000,
        "<div class=news><a href=/a>words</a>" * 390 + "<a href=/a>words</a>" * 30_000,
    ],
)
def test_boilerplate_is_found_in_bounded_time(html: str) -> None:
    within(2.0, make_document, html.encode(), "text/html", URL)
