"""The documents: links lead somewhere, code samples are code, every name they use exists."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
APPS = ("recommendations", "support_bot")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page: Path) -> None:
    text = FENCE.sub("", page.read_text())

    broken = []
    for target in LINK.findall(text):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_python_and_json_sample_parses(page: Path) -> None:
    for language, sample in FENCE.findall(page.read_text()):
        if language == "python":
            ast.parse(sample)
        elif language == "json":
            json.loads(sample)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_name_that_a_python_sample_imports_from_us_exists(page: Path) -> None:
    for language, sample in FENCE.findall(page.read_text()):
        if language != "python":
            continue
        for node in ast.walk(ast.parse(sample)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in APPS:
                module = __import__(node.module, fromlist=["_"])
                missing = [alias.name for alias in node.names if not hasattr(module, alias.name)]
                assert missing == [], f"{node.module} has no {missing}"


def test_every_page_of_the_docs_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    queue = [ROOT / "README.md"]
    while queue:
        page = queue.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        links = LINK.findall(FENCE.sub("", page.read_text()))
        queue += [
            (page.parent / target.partition("#")[0]).resolve()
            for target in links
            if not target.startswith(("http", "mailto", "#"))
        ]

    assert [str(page) for page in (ROOT / "docs").glob("*.md") if page not in reached] == []
