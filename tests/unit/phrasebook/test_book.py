"""The phrasebook: templates in a sandbox, words escaped, and a finding for what a template asks for in vain."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.errors import ContentError
from bot.core.messages import Turn
from bot.factbase.base import FactBase
from bot.factbase.snapshot import Snapshot
from bot.phrasebook.book import (
    ALL_FONTS,
    ALL_TEMPLATES,
    FONTS,
    LARGEST_FONT,
    LONGEST_TEMPLATE,
    Phrasebook,
    note,
    template_finding,
)

NOON = datetime(2025, 12, 1, 12, tzinfo=ZoneInfo("America/Chicago"))
Render = Callable[..., str]


@pytest.fixture
def facts(base_of: Callable[..., FactBase]) -> Snapshot:
    return base_of().at(NOON)


@pytest.fixture
def render(tmp_path: Path, facts: Snapshot) -> Render:
    """Renders a template's text as the answer to `what_is`."""

    def one(template: str, lang: str = "en", entity: str | None = None) -> str:
        (tmp_path / "what_is.html.j2").write_text(template, encoding="utf-8")
        return Phrasebook(tmp_path, ["en", "es"]).render(Turn("what_is", entity), facts, lang, {"more": "<i>"}).html

    return one


def test_values_are_escaped_and_white_space_is_squeezed(render: Render) -> None:
    assert render("<p>\n  {{ more }}\n\n  & you </p>\n") == "<p>&lt;i&gt; & you</p>"


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("<p>\n{{ nothing }}</p>", 2),
        ("<p>{{ facts.nothing }}</p>", 1),
        ("<p>\n\n{{ topic.name.nothing() }}</p>", 3),
        ("{% for x in nothing %}{% endfor %}", 1),
        ("<p>{% if %}</p>", 1),
        ("{% include 'gone.j2' %}", 1),
        ("<p>{{ 1 / 0 }}</p>", 1),
        ("{{ say(none) }}", 1),
    ],
)
def test_what_a_template_asks_for_in_vain_is_a_finding_at_its_line(render: Render, template: str, line: int) -> None:
    with pytest.raises(ContentError) as caught:
        render(template)
    finding = template_finding(caught.value)
    assert finding.file.endswith("what_is.html.j2")
    assert finding.line == line
    assert finding.problem
    assert finding.remedy


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ facts.base.__init__.__globals__ }}",
        "{{ notes.clear() }}",
        "{{ facts.base.pack.statements.append(1) }}",
        "{{ ''.format.__self__ }}",
    ],
)
def test_a_template_cannot_reach_out_of_its_sandbox(render: Render, template: str) -> None:
    with pytest.raises(ContentError):
        render(template)


def test_numbers_of_sources_follow_the_order_of_telling(facts: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "what_is.html.j2").write_text(
        "{{ tell(facts.figures('money')[0].claims[1]) }}{{ tell(topic.summary[0]) }}{{ cite(facts.events[0]) }}"
    )
    rendered = Phrasebook(tmp_path, ["en"]).render(Turn("what_is"), facts, "en", {})
    assert rendered.html == ("It costs $6 million. <sup>[1]</sup>The bridge is old. <sup>[2]</sup> <sup>[2]</sup>")
    assert [source.id for source in rendered.sources] == ["radio", "paper"]
    assert rendered.facts == ("figure:cost", "topic:old-bridge", "event:crack")


def test_words_stay_as_they_were_when_the_phrasebook_was_made(facts: Snapshot, tmp_path: Path) -> None:
    parts, intents = tmp_path / "parts", ("what_is", "help")
    parts.mkdir()

    def write(word: str) -> None:
        (parts / "part.j2").write_text(word, "utf-8")
        for intent in intents:
            (tmp_path / f"{intent}.html.j2").write_text(f"{word} {{% include 'parts/part.j2' %}}", "utf-8")

    def said(book: Phrasebook) -> list[str]:
        return [book.render(Turn(intent), facts, "en", {}).html for intent in intents]

    write("old")
    book = Phrasebook(tmp_path, ["en"])
    assert book.render(Turn("what_is"), facts, "en", {}).html == "old old"
    write("new")
    assert said(book) == ["old old", "old old"]
    assert said(Phrasebook(tmp_path, ["en"])) == ["new new", "new new"]


def test_a_template_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "what_is.html.j2").write_bytes(b"\xff")
    found = [finding for finding in Phrasebook(tmp_path, ["en"]).findings if finding.file.endswith(".j2")]
    assert [(Path(finding.file).name, finding.remedy) for finding in found] == [
        ("what_is.html.j2", "save the file as UTF-8")
    ]


def test_labels_name_the_entity_in_the_readers_language(facts: Snapshot, responses_folder: Path) -> None:
    book = Phrasebook(responses_folder, ["en", "es"])
    assert book.findings == []
    assert book.label(Turn("what_is", "term:girder"), facts, "es") == "¿Qué es viga?"
    assert book.label(Turn("what_is"), facts, "en") == "Words explained"
    assert book.label(Turn("what_did_they_say", "person:lee"), facts, "en") == "What did Bo Lee say?"


def test_a_source_without_a_publisher_goes_by_its_name(base_of: Callable[..., FactBase]) -> None:
    base = base_of(
        changes={"sources.yaml": ("publisher: Radio Six", "name: {en: a radio report, es: una nota de radio}")}
    )
    assert note(base.sources["radio"], "es").publisher == "una nota de radio"
    assert note(base.sources["radio"], "en").url is None
    assert note(base.sources["paper"], "en").published == "2025-10-20"


def test_fonts_are_bounded_together(tmp_path: Path) -> None:
    (tmp_path / FONTS).mkdir(parents=True)
    for number in range(10):
        with (tmp_path / FONTS / f"{number}.ttf").open("wb") as font:
            font.truncate(LARGEST_FONT)
    book = Phrasebook(tmp_path, ["en"])
    assert sum(map(len, book.fonts.values())) <= ALL_FONTS
    (finding,) = (one for one in book.findings if ".ttf files" in one.problem)
    assert (Path(finding.file).name, str(ALL_FONTS) in finding.problem) == ("4.ttf", True)


def test_templates_are_bounded_together(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"{number:02}.html.j2").write_text("x" * LONGEST_TEMPLATE)
    (finding,) = (one for one in Phrasebook(tmp_path, ["en"]).findings if ".j2 files" in one.problem)
    assert (Path(finding.file).name, str(ALL_TEMPLATES) in finding.problem) == ("50.html.j2", True)
