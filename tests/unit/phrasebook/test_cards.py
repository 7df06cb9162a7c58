"""Pictures: what is drawn is what the template wrote, from nothing but itself, once for the same words."""

import re
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.errors import ContentError
from bot.factbase.base import FactBase
from bot.factbase.snapshot import Snapshot
from bot.phrasebook.book import Phrasebook
from bot.phrasebook.cards import HIGHEST, KEPT, SMALLEST, WIDTH, WIDTH_AND_HEIGHT, WRITTEN, Cards
from bot.phrasebook.drawing import draw_apart, draw_trial
from tests.pictures import pixels

BEFORE = datetime(2025, 1, 1, 12, tzinfo=ZoneInfo("America/Chicago"))
NOON = datetime(2025, 12, 1, 12, tzinfo=ZoneInfo("America/Chicago"))
HEAD = 'xmlns="http://www.w3.org/2000/svg" width="1080" height="{height}" font-family="{{{{ family }}}}"'
SVG = f"<svg {HEAD}>{{inner}}</svg>"
TEXT = '<text x="0" y="60" font-size="60" fill="#000000">{}</text>'


class Counted:
    """Draws small, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, svg: str, fonts: Sequence[bytes]) -> bytes:
        self.times += 1
        return draw_trial(svg, fonts)


@pytest.fixture
def facts(base_of: Callable[..., FactBase]) -> Snapshot:
    return base_of().at(NOON)


@pytest.fixture
def cards(tmp_path: Path, responses_folder: Path) -> Callable[..., Cards]:
    """The cards of a folder with one template, `one`, made of an SVG's inside."""

    def make(inner: str, height: int | str = 200, draw: Callable[[str, Sequence[bytes]], bytes] = draw_trial) -> Cards:
        folder = tmp_path / "cards"
        shutil.copytree(responses_folder / "cards" / "fonts", folder / "fonts", dirs_exist_ok=True)
        (folder / "one.svg.j2").write_text(SVG.format(height=height, inner=inner), "utf-8")
        return Cards(Phrasebook(tmp_path, ["en", "es"]), draw)

    return make


def test_a_card_is_drawn_in_its_size_with_its_letters(cards: Callable[..., Cards], facts: Snapshot) -> None:
    white = '<rect x="0" y="0" width="1080" height="200" fill="#ffffff"/>'
    drawn = pixels(cards(white + TEXT.format("{{ say(topic.name) }}"), draw=draw_apart).png("one", facts, "es"))
    assert drawn.shape == (200, WIDTH, 4)
    assert (drawn[..., 3] == 255).all()
    assert drawn[:80, :, 0].min() == 0
    assert (drawn[90:, :, :3] == 255).all()


def test_a_text_that_takes_long_to_measure_is_refused(cards: Callable[..., Cards], facts: Snapshot) -> None:
    with pytest.raises(ContentError, match="characters, more than"):
        cards("{{ wrap('" + "m" * 5_000 + "', 40, 900) }}").svg("one", facts, "en")


def test_words_are_escaped(cards: Callable[..., Cards], facts: Snapshot) -> None:
    svg = cards(TEXT.format("""{{ '</text><image/> & "<b>"' }}""")).svg("one", facts, "en")
    assert "&lt;/text&gt;&lt;image/&gt; &amp; &#34;&lt;b&gt;&#34;" in svg


@pytest.mark.parametrize(
    "inner",
    [
        '<image href="file:///etc/passwd" width="10" height="10"/>',
        '<image href="http://127.0.0.1:9/x.png" width="10" height="10"/>',
        '<image xlink:href="x.svg" xmlns:xlink="http://www.w3.org/1999/xlink"/>',
        '<use href="#a"/>',
        "<style>@import url(file:///etc/passwd);</style>",
        "<script>1</script>",
        "<foreignObject/>",
        '<rect fill="url(file:///etc/passwd#x)"/>',
        '<rect style="fill: red"/>',
        '<rect href="x"/>',
        '<g xml:base="file:///etc/"/>',
        '<rect filter="x"/>',
        '<rect transform="scale(99999)"/>',
        '<rect width="1e9" height="10"/>',
        '<circle r="99999999"/>',
        '<path d="M0 0L9e99 0"/>',
        '<path d="M0 0' + "L1 1" * 1_000 + '"/>',
        '<line x1="0" x2="1000" stroke-dasharray="0.001"/>',
        '<line x1="0" x2="1000" stroke-dasharray="1e-9 5"/>',
        '<line x1="0" x2="1000" stroke-width="999999"/>',
        TEXT.replace('"60" fill', '"99999" fill').format("large"),
        '<rect rx="&#x39;99999"/>',
        "<g>" * 60 + "</g>" * 60,
        "<g/>" * 3_000,
        TEXT.format("word " * 70_000),
        '<svg width="99999999" height="99999999"/>',
        "<!-- words -->",
        "<!DOCTYPE svg>",
        "<?xml-stylesheet href='x'?>",
        "<g>",
        '<g xmlns="http://www.w3.org/1999/xhtml"/>',
        TEXT.format("中"),
        TEXT.replace('"60" fill', '"39" fill').format("small"),
        TEXT.replace(' font-size="60"', "").format("of no size"),
    ],
)
def test_what_is_not_to_be_drawn_is_refused_before_it_is(
    cards: Callable[..., Cards], facts: Snapshot, inner: str
) -> None:
    counted = Counted()
    with pytest.raises(ContentError, match=r"one\.svg\.j2:1: .*: correct the template"):
        cards(inner, draw=counted).png("one", facts, "en")
    assert counted.times == 0


@pytest.mark.parametrize("height", [0, -5, WIDTH_AND_HEIGHT - WIDTH + 1, "2e3", ""])
def test_a_height_that_telegram_refuses_is_refused_here(
    cards: Callable[..., Cards], facts: Snapshot, height: int | str
) -> None:
    with pytest.raises(ContentError, match="height"):
        cards("", height).svg("one", facts, "en")


def test_a_fault_of_the_template_is_found_at_its_line(cards: Callable[..., Cards], facts: Snapshot) -> None:
    with pytest.raises(ContentError, match=r"one\.svg\.j2:2: 'nothing' is undefined"):
        cards("\n{{ nothing }}").svg("one", facts, "en")


def test_the_same_words_are_drawn_once(cards: Callable[..., Cards], facts: Snapshot) -> None:
    counted = Counted()
    drawn = cards(TEXT.format("{{ pattern(now, 'MMMM d') }} {{ lang }}"), draw=counted)
    first = drawn.png("one", facts, "en")
    assert drawn.png("one", facts.base.at(NOON + timedelta(hours=3)), "en") is first
    assert counted.times == 1
    drawn.png("one", facts.base.at(NOON + timedelta(days=1)), "en")
    drawn.png("one", facts, "es")
    assert counted.times == 3


def test_only_what_was_drawn_is_kept_and_of_its_own_facts(cards: Callable[..., Cards], facts: Snapshot) -> None:
    counted = Counted()
    drawn = cards(TEXT.format("{{ pattern(now, 'MMMM d') }}"), draw=counted)
    assert drawn.kept("one", facts, "en") is None
    drawn.svg("one", facts, "en")
    assert drawn.kept("one", facts, "en") is None
    assert counted.times == 0
    png = drawn.png("one", facts, "en")
    tomorrow = facts.base.at(NOON + timedelta(days=1))
    drawn.svg("one", tomorrow, "en")
    assert drawn.kept("one", facts, "en") is png
    assert drawn.kept("one", tomorrow, "en") is None
    assert drawn.kept("one", facts, "es") is None


def test_few_svgs_are_kept(cards: Callable[..., Cards], facts: Snapshot) -> None:
    drawn = cards(TEXT.format("{{ lang }}"))
    drawn.png("one", facts, "en")
    for minute in range(WRITTEN):
        drawn.svg("one", facts.base.at(NOON + timedelta(minutes=minute)), "en")
    assert drawn.kept("one", facts, "en") is None


def test_a_card_stays_as_it_was_when_its_phrasebook_was_made(
    cards: Callable[..., Cards], facts: Snapshot, tmp_path: Path
) -> None:
    drawn = cards(TEXT.format("old"))
    shutil.rmtree(tmp_path / "cards")
    assert ">old<" in drawn.svg("one", facts, "en")
    assert drawn.png("one", facts, "en")
    assert ">new<" in cards(TEXT.format("new")).svg("one", facts, "en")


def test_few_pictures_are_kept(cards: Callable[..., Cards], facts: Snapshot) -> None:
    counted = Counted()
    drawn = cards(TEXT.format("{{ pattern(now, 'MMMM d') }}"), draw=counted)
    for day in [*range(KEPT + 1), KEPT, 0]:
        drawn.png("one", facts.base.at(NOON + timedelta(days=day)), "en")
    assert counted.times == KEPT + 2


@pytest.mark.parametrize("draw", [draw_apart, draw_trial])
def test_what_the_renderer_cannot_read_is_an_error(
    draw: Callable[[str, Sequence[bytes]], bytes], cards: Callable[..., Cards], facts: Snapshot
) -> None:
    with pytest.raises(ValueError, match="root node"):
        draw("<svg", ())


def test_a_failing_renderer_is_said_of_its_template(cards: Callable[..., Cards], facts: Snapshot) -> None:
    def fails(svg: str, fonts: Sequence[bytes]) -> bytes:
        raise ValueError("the renderer did not run (OSError)")

    with pytest.raises(ContentError, match=r"one\.svg\.j2:1: the renderer did not run"):
        cards("", draw=fails).png("one", facts, "en")


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_long_timeline_shows_the_newest_and_says_how_many_it_leaves_out(
    base_of: Callable[..., FactBase], responses_folder: Path, lang: str
) -> None:
    text = "{{en: [It was number {0}., More.], es: [Número {0}., Más.]}}"
    event = f"- {{{{id: e{{0}}, when: 2025-10-{{1:02}}, text: {text}, sources: [paper]}}}}\n"
    facts = base_of(more={"events.yaml": "".join(event.format(at, at % 18 + 1) for at in range(59))}).at(NOON)
    svg = Cards(Phrasebook(responses_folder, ["en", "es"]), draw_trial).svg("timeline", facts, lang)
    shown, left_out = svg.count("<circle"), re.search(r"… (?:and|y) (\d+)", svg)
    assert len(facts.events) == 60
    assert left_out
    assert shown + int(left_out[1]) == 60
    assert 15 < shown < 40
    assert int(re.findall(r'height="(\d+)"', svg)[0]) <= HIGHEST
    assert "number 17." in svg or "Número 17." in svg
    assert "A crack" in svg or "Se halló" in svg
    assert "More." not in svg
    assert "Más." not in svg


def test_a_timeline_of_nothing_says_so(base_of: Callable[..., FactBase], responses_folder: Path) -> None:
    svg = Cards(Phrasebook(responses_folder, ["en"]), draw_trial).svg("timeline", base_of().at(BEFORE), "en")
    assert "I have no report so far." in svg
    assert "I know of no date for a vote." in svg


def test_lines_are_broken_by_the_letters_that_are_drawn(cards: Callable[..., Cards], facts: Snapshot) -> None:
    inner = "{% for line in wrap('" + "mm " * 40 + "', 40, 500, 'bold') %}" + TEXT.format("{{ line }}") + "{% endfor %}"
    assert cards(inner).svg("one", facts, "en").count("<text") > 3
    assert SMALLEST == 40
