"""What mkdocs is told besides mkdocs.yml: pages that stand beside `docs/`, and links that leave it.

README, CHANGELOG, SECURITY and PRIVACY are read on GitHub at the root and become pages of the
site. A link to a file of the repository that is no page is shown as its text.
"""

import re
import runpy
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "PRIVACY.md": "privacy.md",
    "CONTRIBUTING.md": "contributing.md",
    "CODE_OF_CONDUCT.md": "conduct.md",
}
# An integration's own README is its page.
PAGES |= {
    path.relative_to(ROOT).as_posix(): f"integration-{path.parent.name}.md"
    for path in sorted((ROOT / "integrations").glob("*/README.md"))
}
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the root, and the reference, written anew from the code."""
    for source, page in PAGES.items():
        if (ROOT / source).exists():
            text = for_the_site((ROOT / source).read_text("utf-8"), (ROOT / source).parent)
            files.append(File.generated(config, page, content=text))
    reference = runpy.run_path(str(ROOT / "scripts" / "reference.py"))["reference"]
    files.append(File.generated(config, "reference.md", content=reference()))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Turn links out of `docs/` into links within the site."""
    where = page.file.abs_src_path
    return for_the_site(markdown, Path(where).parent) if where else markdown


def for_the_site(markdown: str, folder: Path) -> str:
    """Return the text with links, relative to `folder`, that lead to pages of the site."""

    def change(link: re.Match[str]) -> str:
        bang, label, target, anchor = link.groups(default="")
        path = (folder / target).resolve()
        if not path.exists():
            return link[0]  # left as it is: the strict build names it
        inside = path.relative_to(ROOT).as_posix()
        if inside in PAGES:
            return f"[{label}]({PAGES[inside]}{anchor})"
        if inside.startswith("docs/"):
            up = "../" * (len(folder.relative_to(ROOT).parts) - 1)
            return f"{bang}[{label}]({up}{inside.removeprefix('docs/')}{anchor})"
        return label

    if folder == ROOT:  # pictures in light and dark, which Markdown has no word for
        markdown = re.sub(r'(src(?:set)?=")docs/', r"\1", markdown)
    return LINK.sub(change, markdown)
