"""Every answer of the Dallas pack at every turn of its story: well formed, sourced, alike in both languages, and never
calling coming what is past."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

import pytest

from bot.conversation.codes import TurnCodes
from bot.conversation.conversation import Conversation
from bot.core.messages import Incoming, Reply, Turn
from bot.editorial.check import turning_points
from bot.editorial.content import Content
from bot.platforms.markup import Element, parse
from bot.platforms.plaintext import block_text, to_text

MOST_BYTES = 64  # of callback data on Telegram
MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "jan feb mar apr may jun jul aug sep oct nov dec",
    )
    for number, name in enumerate(names.split(), start=1)
}
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
DAYS = (
    re.compile(rf"\b(?P<month>{MONTH})\.? (?P<day>\d{{1,2}})(?:, (?P<year>\d{{4}}))?\b", re.IGNORECASE),
    re.compile(rf"\b(?P<day>\d{{1,2}})º? de (?P<month>{MONTH})(?: de (?P<year>\d{{4}}))?\b", re.IGNORECASE),
)
AWAY = re.compile(r"\b(?:in|en|dentro de) (\d+) (?:days?|días?)\b", re.IGNORECASE)
COMING = re.compile(
    r"\b(?:expected in|is expected|scheduled for|will be|will meet|upcoming|tomorrow|today:|meets\.|"
    r"set for today|is on|is a meeting|"
    r"hold a joint meeting|begins on|se espera|prevista?|mañana|hoy:|programada|se reunirá|sesionará|"
    r"la próxima|the next|entra en vigor|is open to the public|está abierta|must |debe |vence )",
    re.IGNORECASE,
)
PAST = re.compile(
    r"\b(?:was expected|was set|were expected|was to meet|had |passed|pasó|estaba|se esperaba|said that|dijo que|wrote|"
    r"announced as|se anunció|escribió|report names|postpon|pospon|pospu)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Told:
    """One sentence or line of an answer."""

    text: str
    numbers: tuple[int, ...]


def sentences(block: Element) -> Iterator[Told]:
    """The sentences of a block, cut behind their source numbers; words inside quotation marks are not the bot's."""
    for line in block_text(block).split("\n"):
        for part in re.findall(r".*?(?:(?:\s\[\d+\])+|$)", line):
            if part.strip():
                unquoted = re.sub(r"“[^”]*”|\"[^\"]*\"|«[^»]*»", "“…”", part)
                yield Told(unquoted.strip(), tuple(int(number) for number in re.findall(r"\[(\d+)\]", part)))


def dates_in(text: str, today: date) -> list[date]:
    """The days that a text names; one without a year is of this year."""
    found = []
    for pattern in DAYS:
        for match in pattern.finditer(text):
            year = int(match["year"] or today.year)
            found.append(date(year, MONTHS[match["month"].lower()], int(match["day"])))
    return found


@cache
def thinned(points: tuple[datetime, ...], most: int) -> tuple[datetime, ...]:
    """At most `most` of the instants, the first and the last among them, spread evenly."""
    if len(points) <= most:
        return points
    step = (len(points) - 1) / (most - 1)
    return tuple(points[round(index * step)] for index in range(most))


@pytest.fixture(scope="session")
def instants(content: Content) -> tuple[datetime, ...]:
    """The turning points of the story, and moments at which something odd could be said."""
    zone = content.base.zone
    now = datetime(2026, 11, 21, 12, tzinfo=zone)
    odd = [
        datetime(2025, 10, 1, tzinfo=zone),
        datetime(2025, 11, 2, 1, 30, tzinfo=zone),
        datetime(2025, 11, 6, 8, tzinfo=zone),
        datetime(2025, 11, 6, 17, 59, tzinfo=zone),
        datetime(2026, 3, 8, 3, tzinfo=zone),
        datetime(2026, 12, 1, 23, 59, tzinfo=zone),
        datetime(2027, 6, 1, 12, tzinfo=zone),
    ]
    return tuple(sorted({*turning_points(content, now), *odd}))


def assert_well_formed(reply: Reply) -> tuple[Element, ...]:
    """The answer is in the subset, ends in notes that say as of when, and its numbers are those of its footnotes."""
    blocks = parse(reply.html)
    notes = block_text(blocks[-1])
    assert blocks[-1].attribute("class") == "notes"
    assert re.search(r"As of |Al |Hasta |A las |A fecha|Según lo", notes), notes
    assert len(blocks) > 1
    told = {number for block in blocks[:-1] for said in sentences(block) for number in said.numbers}
    listed = [int(number) for number in re.findall(r"\[(\d+)\]", notes)]
    assert listed == list(range(1, len(reply.sources) + 1))
    assert told == set(listed)
    for source in reply.sources:
        assert source.publisher in notes
    assert bool(reply.facts) <= bool(reply.sources)
    return blocks


def assert_nothing_past_is_coming(blocks: tuple[Element, ...], at: datetime) -> None:
    """Read by eyes that know nothing of the pack: words of coming never stand with days that are over, alone."""
    today = at.date()
    for block in blocks[:-1]:
        for said in sentences(block):
            named = dates_in(said.text, today)
            for days in AWAY.findall(said.text):
                assert not named or today + timedelta(days=int(days)) in named, said
            if re.search(r"\b(?:tomorrow|mañana):", said.text, re.IGNORECASE):
                assert named == [today + timedelta(days=1)], said
            if re.search(r"\b(?:today|hoy):", said.text, re.IGNORECASE):
                assert named == [today], said
            reported = dates_in(said.text.partition(" — ")[0], today) if " — " in said.text else []
            if reported:  # what was known on a day, told with that day in front
                assert max(reported) <= today, said
            elif COMING.search(said.text) and not PAST.search(said.text) and named:
                assert max(named) >= today, f"{said.text!r} at {at}"


def assert_buttons_lead_somewhere(reply: Reply, codes: TurnCodes) -> None:
    for button in reply.buttons:
        assert button.label.strip()
        assert (button.turn is None) != (button.url is None)
        if button.turn:
            code = codes.code(button.turn)
            assert len(code.encode()) <= MOST_BYTES
            assert re.fullmatch(r"[A-Za-z0-9_-]+", code)
            assert codes.turn(code) == button.turn


def walk(content: Content, conversation: Conversation, instants: tuple[datetime, ...]) -> int:
    """Checks every answer at the given instants, language beside language; the number of answers."""
    codes = TurnCodes(conversation.turns(), {})
    count = 0
    for at in instants:
        for turn in conversation.turns():
            told = []
            for lang in content.base.topic.languages:
                reply = conversation.answer(Incoming(turn=turn, lang=lang, at=at))
                where = f"{turn} in {lang} at {at}\n{to_text(reply.html)}"
                try:
                    blocks = assert_well_formed(reply)
                    assert_nothing_past_is_coming(blocks, at)
                    assert_buttons_lead_somewhere(reply, codes)
                except (AssertionError, ValueError) as error:
                    raise AssertionError(f"{error}\n{where}") from error
                told.append(
                    (
                        set(reply.facts),
                        {source.id for source in reply.sources},
                        [one.turn for one in reply.buttons if not one.lang],
                    )
                )
                count += 1
            assert all(one == told[0] for one in told), f"{turn} at {at}: {told}"
    return count


def test_every_answer_is_sound_along_the_story(
    content: Content, conversation: Conversation, instants: tuple[datetime, ...]
) -> None:
    some = thinned(instants, 12)
    assert walk(content, conversation, some) == len(some) * 2 * len(list(conversation.turns()))


@pytest.mark.long
def test_every_answer_is_sound_at_every_turning_point_and_on_every_day(
    content: Content, conversation: Conversation, instants: tuple[datetime, ...], is_bounded: bool
) -> None:
    first = datetime(2025, 9, 25, 12, tzinfo=content.base.zone)
    days = [first + timedelta(days=number) for number in (*range(75), *range(75, 620, 7))]
    walked = walk(content, conversation, instants if is_bounded else tuple(sorted({*instants, *days})))
    assert walked > (5_000 if is_bounded else 30_000)


def test_every_sentence_that_states_a_fact_ends_in_a_number(
    content: Content, conversation: Conversation, instants: tuple[datetime, ...]
) -> None:
    texts = {
        sentence: part for part in facts_of(content) for sentences_of in part.root.values() for sentence in sentences_of
    }
    seen = 0
    for at in thinned(instants, 6):
        for turn in conversation.turns():
            for lang in content.base.topic.languages:
                for block in parse(conversation.answer(Incoming(turn=turn, lang=lang, at=at)).html)[:-1]:
                    text = block_text(block)
                    for sentence in texts:
                        for found in re.finditer(re.escape(sentence), text):
                            seen += 1
                            assert re.match(r"\s\[\d+\]", text[found.end() :]), (turn, lang, at, sentence)
    assert seen > 1_000


def facts_of(content: Content) -> Iterator[object]:
    """The texts of the pack that state facts."""
    pack = content.base.pack
    for passages in (pack.topic.summary, content.base.decision.who_decides):
        yield from (passage.text for passage in passages)
    yield from (event.text for event in pack.events)
    yield from (claim.text for figure in pack.figures for claim in figure.claims)
    yield from (step.text for howto in pack.howtos for step in howto.steps)
    for term in pack.terms:
        yield from (passage.text for passage in term.definition)
        yield from (passage.text for section in term.sections for passage in section.passages)
    yield from (said.paraphrase for said in pack.statements if said.paraphrase)


def test_every_turn_of_a_button_is_among_those_of_the_pack(conversation: Conversation) -> None:
    turns = list(conversation.turns())
    assert len(set(turns)) == len(turns)
    assert Turn("what_is", "term:287g") in turns
    assert Turn("what_did_they_say", "person:comeaux") in turns
    assert Turn("who_decides", "term:287g") not in turns


def test_the_watcher_of_past_dates_would_notice() -> None:
    at = datetime(2025, 11, 8, 12)  # noqa: DTZ001 - only its day counts
    for html in (
        '<p>The vote is expected in the first week, on November 6, 2025. <sup>[1]</sup></p><p class="notes">x</p>',
        '<p>Tomorrow: Friday, November 7. <sup>[1]</sup></p><p class="notes">x</p>',
        '<p>Se espera una votación el 6 de noviembre de 2025. <sup>[1]</sup></p><p class="notes">x</p>',
        '<p>It is in 3 days: November 10. <sup>[1]</sup></p><p class="notes">x</p>',
    ):
        with pytest.raises(AssertionError):
            assert_nothing_past_is_coming(parse(html), at)
