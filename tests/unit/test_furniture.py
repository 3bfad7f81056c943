"""What stands on most pages of a job, and what of it is cut where pages are read."""

from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.furniture import (
    fingerprints,
    furniture_of,
    may_hold,
    without_furniture,
)
from crawler.domain.units import Kind, units_of

NAV = "- [Home](https://a.example/)\n- [Shop](https://a.example/shop)"
FOOTER = "We are a company of many people who make things. All rights reserved."


def page(number: int) -> str:
    return f"{NAV}\n\n# Page {number}\n\nThis page is about {number} and nothing else.\n\n{FOOTER}"


def furniture(pages: list[str]) -> frozenset[bytes]:
    return furniture_of(fingerprints(each) for each in pages)


def cut(*, often: str, markdown: str) -> str:
    """Markdown as read in a job whose other pages hold the units of `often`."""
    return without_furniture(
        markdown, furniture([often] * 6 + ["Only this one, and nothing of that."])
    )


def test_what_stands_on_most_pages_is_cut_from_each() -> None:
    pages = [page(number) for number in range(6)]

    found = furniture(pages)

    assert [without_furniture(each, found) for each in pages] == [
        f"# Page {number}\n\nThis page is about {number} and nothing else." for number in range(6)
    ]


def test_four_pages_tell_nothing() -> None:
    assert not furniture([page(number) for number in range(4)])


def test_half_of_the_pages_are_not_most() -> None:
    others = [f"Another text, of its own, with the number {number}." for number in range(6)]

    assert not furniture([page(1)] * 6 + others)


def test_a_link_is_known_by_its_text_not_by_its_target() -> None:
    pages = [f"Own text, number {n}.\n\n[Edit](https://a.example/edit/{n})" for n in range(5)]

    assert without_furniture(pages[0], furniture(pages)) == "Own text, number 0."


def test_a_link_with_parentheses_and_a_title_is_known_by_its_text() -> None:
    pages = [f'Own text, number {n}.\n\n[Edit](/a_({n}) "Page {n}")' for n in range(5)]

    assert without_furniture(pages[0], furniture(pages)) == "Own text, number 0."


def test_links_alone_are_cut_amid_the_content() -> None:
    markdown = "Own text before.\n\n[Share](/s) | [Print](/p)\n\nOwn text behind."

    left = cut(often="[Share](/x) | [Print](/y)", markdown=markdown)

    assert left == "Own text before.\n\nOwn text behind."


def test_a_label_amid_the_content_stays() -> None:
    markdown = "Own text before.\n\n**Returns:**\n\nOwn text behind."

    assert cut(often="**Returns:**", markdown=markdown) == markdown


def test_a_label_at_the_edge_goes() -> None:
    assert cut(often="Search", markdown="Search\n\nOwn text.\n\nSearch") == "Own text."


def test_code_is_never_cut() -> None:
    code = "```sh\npip install this-package-of-mine\n```"

    assert cut(often=code, markdown=f"Own text.\n\n{code}") == f"Own text.\n\n{code}"


def test_text_within_code_is_never_cut() -> None:
    code = f"```\n\n{FOOTER}\n\n```"

    assert cut(often=FOOTER, markdown=f"Own text.\n\n{code}") == f"Own text.\n\n{code}"


def test_a_heading_goes_with_all_that_is_below_it() -> None:
    often = f"## Newsletter\n\n{FOOTER}"

    assert cut(often=often, markdown=f"# Own\n\nOwn text.\n\n{often}") == "# Own\n\nOwn text."


def test_a_heading_stays_over_text_of_its_page() -> None:
    markdown = "# Own\n\n## Parameters of the function\n\nOwn text."

    assert cut(often="## Parameters of the function", markdown=markdown) == markdown


def test_a_heading_stays_over_a_deeper_one_that_stays() -> None:
    markdown = "# Own\n\n## Reference\n\n### Own part"

    assert cut(often="## Reference", markdown=markdown) == markdown


def test_the_name_of_the_site_goes_before_the_title_of_the_page() -> None:
    assert cut(often="# The Site", markdown="# The Site\n\n# Own\n\nText.") == "# Own\n\nText."


def test_a_list_item_stays_while_something_in_it_does() -> None:
    markdown = "Own text.\n\n- [Library](/l)\n    - [Own](/o)\n    - [Other](/x)\n\nOwn end."

    left = cut(often="- [Library](/l)\n    - [Other](/x)", markdown=markdown)

    assert left == "Own text.\n\n- [Library](/l)\n    - [Own](/o)\n\nOwn end."


def test_a_list_item_stays_with_code_in_it() -> None:
    markdown = (
        "Own text.\n\n1. Install the package with this command:\n\n   ```\n   x\n   ```\n\nEnd."
    )

    assert cut(often="1. Install the package with this command:", markdown=markdown) == markdown


def test_a_table_goes_as_a_whole_or_not_at_all() -> None:
    table = "| Name | Value of it |\n| --- | --- |\n| a | b |"
    other = f"{table}\n| c | d |"

    assert cut(often=table, markdown=f"Own text.\n\n{table}\n\nEnd.") == "Own text.\n\nEnd."
    assert cut(often=table, markdown=f"Own text.\n\n{other}") == f"Own text.\n\n{other}"


def test_what_each_page_of_a_reference_says_stays_amid_its_content() -> None:
    often = (
        "## Parameters\n\n| Name | Meaning |\n| --- | --- |\n| timeout | seconds to wait |\n\n"
        "## Returns\n\nA promise that resolves to the object that was asked for."
    )
    markdown = f"# cloud.get()\n\n{often}\n\n## Example\n\n```\ncloud.get()\n```"

    assert cut(often=often, markdown=markdown) == markdown


def test_a_footer_goes_before_a_line_with_the_time_of_the_last_change() -> None:
    markdown = f"# Own\n\nOwn text.\n\n{FOOTER}\n\nLast updated on 3 May 2023 by Jane."

    left = cut(often=FOOTER, markdown=markdown)

    assert left == "# Own\n\nOwn text.\n\nLast updated on 3 May 2023 by Jane."


def test_links_with_a_word_before_them_go_amid_the_content() -> None:
    bar = "Share this: [Somewhere](/s) [Elsewhere](/e)"

    left = cut(often=bar, markdown=f"# Own\n\n{bar}\n\n## Own end\n\nOwn text.")

    assert left == "# Own\n\n## Own end\n\nOwn text."


def test_what_an_item_says_stays_with_it() -> None:
    said = "    if the name is none of those that this service knows"
    markdown = f"Own text.\n\n- KeyError\n\n{said}\n\nOwn end."

    assert cut(often=f"- Key\n\n{said}", markdown=markdown) == markdown


def test_a_text_under_several_addresses_stays_in_each() -> None:
    article = "\n\n".join(f"Paragraph {n}: " + "long and readable " * 10 for n in range(4)).strip()
    views = [f"{NAV}\n\n{article}\n\nView {view}." for view in range(5)]

    assert without_furniture(views[0], furniture(views)) == f"{article}\n\nView 0."


def test_a_page_of_nothing_but_furniture_stays_whole() -> None:
    assert cut(often=NAV, markdown=NAV) == NAV


def test_a_page_that_has_nothing_else_beside_its_title_stays_whole() -> None:
    markdown = f"# Own title\n\n{FOOTER}"

    assert cut(often=FOOTER, markdown=markdown) == markdown


def test_of_a_long_page_the_middle_is_looked_at_though_its_units_repeat() -> None:
    middle = "\n\n".join(["Example:"] * 300 + ["[Share](/s) | [Print](/p)"] + ["Example:"] * 300)
    found = furniture(["[Share](/s) | [Print](/p)"] * 5)

    assert may_hold(fingerprints(middle), found)


def test_a_code_span_of_three_backticks_opens_no_block() -> None:
    lines = ["``` a ``` is code", "", "Text."]

    assert [unit.kind for unit in units_of(lines)] == [Kind.TEXT, Kind.TEXT]


def test_a_page_without_such_units_is_not_looked_at() -> None:
    found = furniture([page(number) for number in range(6)])

    assert may_hold(fingerprints(page(9)), found)
    assert not may_hold(fingerprints("Text of its own."), found)
    assert may_hold(fingerprints("\n\n".join(f"Unit {n}." for n in range(500))), found)


def test_units_of_markdown() -> None:
    text = "# Title\ntext\nmore\n\n- item\n  more\n- item\n\n| a |\n| - |\n\n---\n\n    code"
    lines = text.split("\n")

    assert [(unit.kind, unit.start, unit.end) for unit in units_of(lines)] == [
        (Kind.HEADING, 0, 1),
        (Kind.TEXT, 1, 3),
        (Kind.ITEM, 4, 6),
        (Kind.ITEM, 6, 7),
        (Kind.TABLE, 8, 10),
        (Kind.RULE, 11, 12),
        (Kind.CODE, 13, 14),
    ]


_MARKDOWN = st.lists(
    st.sampled_from(
        ["# A", "## B", "text", "- item", "    - inner", "1. one", "```", "~~~~", "| a |", "---",
         "", "[x](y)", "    code", "`", "\u2028", "> quote"]
    ),
    max_size=40,
).map("\n".join)  # fmt: skip


@given(_MARKDOWN, _MARKDOWN)
def test_only_whole_lines_go_and_never_all_of_the_text(markdown: str, often: str) -> None:
    left = without_furniture(markdown, furniture([often] * 5 + [markdown]))

    rest = iter(markdown.split("\n"))
    assert all(line in rest for line in left.split("\n") if line)
    assert any(map(str.isalnum, left)) == any(map(str.isalnum, markdown))


@given(_MARKDOWN)
def test_each_line_with_text_is_in_one_unit(markdown: str) -> None:
    lines = markdown.split("\n")

    held = [at for unit in units_of(lines) for at in range(unit.start, unit.end)]

    assert len(held) == len(set(held))
    assert {at for at, line in enumerate(lines) if line.strip()} <= set(held)
