"""Empty sitemaps, for Material looks for one beside each page that its language switch leads to.

A real one names pages by their whole addresses, and where the site will be served is not known when it is built: MkDocs
would write `None` for it.
"""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig

EMPTY = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>\n'


def on_post_build(config: MkDocsConfig) -> None:
    """Writes one beside each page."""
    folder = Path(config.site_dir)
    (folder / "sitemap.xml.gz").unlink(missing_ok=True)
    for page in folder.rglob("index.html"):
        page.with_name("sitemap.xml").write_text(EMPTY, encoding="utf-8")
