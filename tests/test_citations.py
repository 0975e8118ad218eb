"""Citations of the articles, such as 002 followed by § 5.2, refer to sections in the index of docs/DOCUMENTS.md."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENTS = ROOT / "docs" / "DOCUMENTS.md"
FOLDERS = ("aigc_tf", "tools", "trainers", "tests", "docs")
# An article with all its sections: "000 §2.2, §3.1 to §3.3 and §4".
CITATION = re.compile(r"\b(00\d)\s+(§\d+(?:\.\d+)*(?:(?:,|\s|and|to|or)+§\d+(?:\.\d+)*)*)")


def index() -> dict[str, set[str]]:
    """The sections of each article, from the tables at the end of docs/DOCUMENTS.md."""
    tables = DOCUMENTS.read_text(encoding="utf-8").partition("\n## Index")[2].split("\n### ")[1:]
    rows = {table[:3]: re.findall(r"^\| ([\dA][^|]*) \|", table, re.MULTILINE) for table in tables}
    found = {article: [section for row in listed for section in row.split(", ")] for article, listed in rows.items()}
    assert all(len(sections) == len(set(sections)) for sections in found.values())
    return {article: set(sections) for article, sections in found.items()}


def unknown(text: str, known: dict[str, set[str]]) -> list[str]:
    """Citations of sections that are not in the index."""
    return [
        f"{article} §{section}"
        for article, sections in CITATION.findall(text)
        for section in re.findall(r"§([\d.]*\d)", sections)
        if section not in known.get(article, set())
    ]


def test_the_index_has_all_articles():
    known = index()
    assert sorted(known) == ["000", "001", "002", "003", "004"]
    assert {"2.4.3", "3.15.4"} <= known["000"] and "4.2" in known["001"] and "A.1" in known["003"]


def test_every_citation_names_a_section_of_the_index():
    known = index()
    files = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".py", ".md")]
    wrong = {
        str(path.relative_to(ROOT)): found
        for path in (*files, *ROOT.glob("*.md"))
        if path != Path(__file__) and (found := unknown(path.read_text(encoding="utf-8"), known))
    }
    assert not wrong


def test_a_citation_of_nothing_is_found():
    known = {"000": {"2", "3.1"}}
    text = "article 000\n    §2, §3.1 to §3.7 and §9, Goodfellow et al. 2014, §8; 007 §2"
    assert unknown(text, known) == ["000 §3.7", "000 §9", "007 §2"]


def test_links_of_the_page_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", DOCUMENTS.read_text(encoding="utf-8"))
    assert len(links) > 100
    assert not [link for link in links if not (DOCUMENTS.parent / link).exists()]
