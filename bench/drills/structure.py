"""Every code block and table of two sites in the Markdown of their pages."""

from bench.drills.blocks import blocks_of_markdown, blocks_of_page
from bench.drills.verdict import expect
from bench.sites import SITES, Site
from crawler.content.document import make_document


def structure() -> str:
    """Code to the letter, line by line where it stands in a table's cell; tables row by row."""
    return "; ".join(_whole_site(site) for site in SITES.values())


def _whole_site(site: Site) -> str:
    pages = code = in_cells = tables = rows = 0
    failures = []
    for path in sorted(site.folder.rglob("*.html")):
        body = path.read_bytes()
        page = blocks_of_page(body.decode(errors="replace"))
        markdown = make_document(body, "text/html", f"http://site.example/{path.name}").markdown
        failures += [
            f"{path.relative_to(site.folder)}: {kind}"
            for kind in page.missing_in(blocks_of_markdown(markdown))
        ]
        pages, code, in_cells = pages + 1, code + len(page.code), in_cells + len(page.cell_code)
        tables += len(page.tables)
        rows += sum(len(table.rows) for table in page.tables)
    expect(not failures, f"{site.name}: {len(failures)} differences: {', '.join(failures[:20])}")
    return (
        f"{site.name}: {pages:,} pages, {code:,} code blocks and {in_cells:,} in cells to the "
        f"letter, {tables:,} tables with {rows:,} rows"
    )
