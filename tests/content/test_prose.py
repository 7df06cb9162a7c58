"""The articles are their publishers': the repository quotes speakers, and never carries the articles' own sentences."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from bot.editorial.content import Content
from bot.factbase.loader import LISTS
from bot.factbase.models import Segment
from bot.factbase.parts import parts_of
from bot.factbase.quotes import Folded, fold
from bot.factbase.text import Text

WORDS = 10
KEPT = {".py", ".md", ".yaml", ".yml", ".j2", ".po", ".toml", ".txt", ".html", ".json", ".css", ".js", ".lock"}


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z0-9$']+", fold(text).casefold())


def runs(text: str) -> set[tuple[str, ...]]:
    """Every run of ten words."""
    words = words_of(text)
    return {tuple(words[start : start + WORDS]) for start in range(len(words) - WORDS + 1)}


@pytest.fixture(scope="module")
def articles(shared: Path) -> dict[str, str]:
    """The articles' texts by file name."""
    return {path.name: path.read_text(encoding="utf-8") for path in (shared / "articles").glob("*.txt")}


def test_no_ten_words_of_an_articles_own_prose_are_in_the_repository(
    articles: dict[str, str], repository: Path
) -> None:
    prose = set()
    for text in articles.values():
        unquoted = re.sub(r"[“\"][^“”\"]*[”\"]", " | ", text)
        prose |= set().union(*(runs(part) for part in unquoted.split("|")))
    assert len(prose) > 200
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=repository, capture_output=True, text=True, check=True
    )
    checked, found = 0, []
    for name in listed.stdout.splitlines():
        path = repository / name
        if path.suffix in KEPT and path.is_file():
            checked += 1
            found += [(name, " ".join(run)) for run in prose & runs(path.read_text(encoding="utf-8", errors="replace"))]
    assert found == []
    assert checked > 50


def test_words_in_quotation_marks_inside_our_own_sentences_stand_in_the_named_article(
    articles: dict[str, str], content: Content
) -> None:
    pack = content.base.pack
    texts = {source.id: Folded(articles[source.text]) for source in pack.sources if source.text}
    proven = 0
    for entry in (pack.topic, *(entry for name in LISTS for entry in pack.entries(name))):
        for part, _ in parts_of(entry):
            for field in ("text", "note", "paraphrase"):
                text = getattr(part, field, None)
                sources = [name for name in getattr(part, "sources", ()) if name in texts]
                if not isinstance(text, Text) or not sources:
                    continue
                for sentence in text.get("en"):
                    for quoted in re.findall(r'"([^"]+)"', sentence):
                        proven += 1
                        begun = quoted[0].upper() + quoted[1:]  # a sentence's beginning inside another sentence
                        found = [texts[name].find(Segment(exact=one)) for name in sources for one in (quoted, begun)]
                        assert any(found), (entry.id, quoted)
    assert proven >= 4


def test_every_quotation_of_the_articles_is_proven_by_the_lock(pack_folder: Path) -> None:
    lock = json.loads((pack_folder / "quotes.lock").read_text(encoding="utf-8"))
    statements = yaml.safe_load((pack_folder / "statements.yaml").read_text(encoding="utf-8"))
    assert set(lock["articles"]) == {"council-respond", "cbs-backlash"}
    proven = {key.partition(".")[0] for key in lock["quotes"]}
    quoted = {
        said["id"]
        for said in statements
        if said.get("quote") and set(said["sources"]) & {"council-respond", "cbs-backlash"}
    }
    assert quoted <= proven
    assert len(lock["quotes"]) >= 12
