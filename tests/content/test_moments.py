# ruff: noqa: E501 - the table has a moment in each line
"""What the bot has to say at the moments that matter, and the seven places where the articles are not plain."""

import re
from collections.abc import Callable

import pytest

from bot.conversation.conversation import Conversation
from bot.core.messages import Reply
from bot.platforms.markup import parse
from bot.platforms.plaintext import block_text, to_text

Ask = Callable[..., Reply]
MOMENTS = [
    ("2025-10-24T18:00", "en", ["expected", "first week of November 2025", "No day has been confirmed", "October 22", "met", "that was not the vote"], ["tomorrow", "scheduled"]),
    ("2025-10-24T18:00", "es", ["primera semana de noviembre de 2025", "No hay un día confirmado", "22 de octubre", "eso no era la votación"], ["mañana"]),
    ("2025-11-05T12:00", "en", ["Tomorrow", "Thursday, November 6", "9:00 a.m.", "City Hall", "two council committees, not of the full council"], ["first week", "expected"]),
    ("2025-11-05T12:00", "es", ["Mañana", "jueves 6 de noviembre", "9:00 a. m.", "Ayuntamiento", "dos comités del concejo, no el concejo completo"], ["primera semana"]),
    ("2025-11-06T08:00", "en", ["Today", "9:00 a.m.", "City Hall"], ["tomorrow", "postpone", "was set"]),
    ("2025-11-06T08:00", "es", ["Hoy", "9:00 a. m."], ["mañana", "pospon"]),
    ("2026-11-21T12:00", "en", ["no scheduled vote", "November 6, 2025", "two council committees", "unanimously", "indefinitely", "December 1, 2026", "Senate Bill 8", "sheriffs", "not a city vote"], ["tomorrow", "expected"]),
    ("2026-11-21T12:00", "es", ["ninguna votación programada", "6 de noviembre de 2025", "por unanimidad", "tiempo indefinido", "1 de diciembre de 2026", "SB 8", "alguaciles"], ["mañana"]),
]  # fmt: skip


def told(reply: Reply) -> str:
    """The words of an answer without its notes."""
    return "\n".join(block_text(block) for block in parse(reply.html)[:-1])


def sources_of(reply: Reply) -> set[str]:
    return {source.id for source in reply.sources}


@pytest.mark.parametrize(("at", "lang", "said", "unsaid"), MOMENTS)
def test_the_vote_is_told_as_the_moment_demands(
    ask: Ask, at: str, lang: str, said: list[str], unsaid: list[str]
) -> None:
    text = told(ask(at, "when_is_the_vote", lang=lang))
    assert [words for words in said if words.casefold() not in text.casefold()] == [], text
    assert [words for words in unsaid if words.casefold() in text.casefold()] == [], text


def test_the_moments_name_their_sources(ask: Ask) -> None:
    expected = {
        "2025-10-24T18:00": {"cbs-backlash", "city-video-2025-10-22", "council-respond"},
        "2025-11-05T12:00": {"dmn-november", "cbs-2025-11-05"},
        "2025-11-06T08:00": {"dmn-november", "cbs-2025-11-05"},
        "2026-11-21T12:00": {"kera-2025-11-06", "fox4", "texas-legislature"},
    }
    assert {at: sources_of(ask(at, "when_is_the_vote")) for at in expected} == expected


@pytest.mark.parametrize("intent", ["when_is_the_vote", "what_happened", "what_changed", "who_decides", "remind_me"])
def test_the_outcome_is_known_from_six_in_the_evening_and_not_before(ask: Ask, intent: str) -> None:
    before, after = (told(ask(at, intent)) for at in ("2025-11-06T17:59", "2025-11-06T18:00"))
    assert "postpone" not in before
    assert "postpone" in after


@pytest.mark.parametrize("lang", ["en", "es"])
def test_between_the_hour_and_the_outcome_nothing_is_claimed(ask: Ask, lang: str) -> None:
    text = told(ask("2025-11-06T12:00", "when_is_the_vote", lang=lang))
    assert re.search("It was set for today|fijada para hoy|prevista para hoy|programada para hoy|Estaba", text)
    assert re.search("no report of the outcome yet|Todavía no|todavía no|Aún no|aún no", text)


def test_the_story_in_short_counts_those_against_as_the_days_below_it_do(ask: Ask) -> None:
    """F5 was known from the evening of October 27 on."""
    for at, count, other in (
        ("2025-10-27T12:00", "three others", "eleven"),
        ("2025-10-30T12:00", "eleven", "three others"),
    ):
        core, _, days = ask(at, "what_happened").html.partition("<details")
        assert count in core
        assert other not in core
        assert ("eleven council members" in days) == (count == "eleven")


def test_before_anything_was_known_nothing_is_told(ask: Ask) -> None:
    for intent in ("what_happened", "who_said_what", "where_they_stand", "how_much_money", "what_changed"):
        reply = ask("2025-10-01T12:00", intent)
        assert reply.facts == ()
        assert reply.sources == ()
        assert not re.search(r"\d{4}|ICE|Comeaux|\$", told(reply))


@pytest.mark.parametrize("at", ["2025-10-20T12:30", "2025-10-24T18:00", "2025-11-05T12:00", "2025-11-06T08:00"])
def test_before_the_decision_nothing_is_told_as_if_it_had_been_made(
    ask: Ask, conversation: Conversation, at: str
) -> None:
    for turn in conversation.turns():
        for lang in ("en", "es"):
            text = to_text(ask(at, turn.intent, turn.entity, lang=lang).html)
            assert not re.search(r"would have|had been|habr[ií]an? |hubier|hubies", text), (turn, text)


def test_the_deadline_is_ahead_until_its_day_is_over(ask: Ask) -> None:
    last, next_day, later = (
        told(ask(at, "when_is_the_vote")) for at in ("2026-12-01T23:59", "2026-12-02T00:00", "2027-06-01T12:00")
    )
    assert "is today" in last
    for text in (next_day, later):
        assert "has passed" in text
        assert "had to have" in text
        assert "must have" not in text
    assert "A related date" not in told(ask("2026-12-02T00:00", "remind_me"))


# The seven traps of the dossier


@pytest.mark.parametrize("lang", ["en", "es"])
def test_trap_1_the_headlines_words_are_never_put_into_his_mouth(ask: Ask, lang: str) -> None:
    for intent, entity in (
        ("what_did_they_say", "person:resendez"),
        ("who_said_what", None),
        ("what_is", "person:resendez"),
    ):
        text = told(ask("2025-10-24T18:00", intent, entity, lang=lang))
        assert "“The mayor's memo, his memo is a callous political stunt”" in text
        for quoted in re.findall("“([^”]*)”", text):
            assert "dangerous political" not in quoted
        for match in re.finditer("dangerous political stunt", text):
            assert re.search("heading|subtítulo", text[max(0, match.start() - 120) : match.end() + 120])


def test_trap_2_two_wordings_are_one_statement_of_two_reports(ask: Ask) -> None:
    reply = ask("2025-10-24T18:00", "what_did_they_say", "person:comeaux")
    text = told(reply)
    assert "violent fugitives, drug traffickers, and domestic violence offenders to keep our neighborhoods safe" in text
    assert "violent fugitives, drug traffickers and more … I want to be clear" in text
    assert text.index("domestic violence") < text.index("Reported elsewhere as") < text.index("traffickers and more")
    assert {"cbs-backlash", "council-respond"} <= sources_of(reply)
    assert reply.facts.count("statement:chief-priorities") == 1


def test_trap_3_the_joint_statement_has_both_wordings_and_its_signers(ask: Ask) -> None:
    reply = ask("2025-10-24T18:00", "what_did_they_say", "person:west")
    text = told(reply)
    assert "“a betrayal of trust to Dallas communities.”" in text
    assert "the very communities they are sworn to protect”" in text
    assert "Chad West, Jaime Resendez, Adam Bazaldua, and Paula Blackmon" in text
    assert {"council-respond", "dmn-2025-10-20", "kera-2025-10-20"} <= sources_of(reply)


def test_trap_4_a_meeting_is_not_a_vote(ask: Ask) -> None:
    before = told(ask("2025-10-20T12:30", "when_is_the_vote"))
    assert "no date for a vote" in before
    assert '"on Wednesday" and names no date' in before
    assert "that is not the vote" in before
    assert "names no day and no year" in told(ask("2025-10-24T18:00", "when_is_the_vote"))


def test_trap_5_a_quotation_is_not_corrected(ask: Ask) -> None:
    assert "“Ice makes our communities unsafe" in told(ask("2025-10-24T18:00", "what_did_they_say", "person:nunez"))


def test_trap_6_the_law_was_passed_before_it_began(ask: Ask) -> None:
    for entity in ("term:287g", "term:sb8"):
        early, late = (told(ask(at, "what_is", entity)) for at in ("2025-12-31T23:59", "2026-01-01T00:00"))
        assert "begins on January 1, 2026" in early
        assert "passed" in early
        assert "in force since January 1, 2026" in late
        assert "begins on" not in late
    quoted = told(ask("2025-10-24T18:00", "what_is", "term:287g"))
    assert 'CBS News Texas wrote that changes in Texas law "now require"' in quoted


def test_trap_7_interrupted_words_are_one_statement_of_segments(ask: Ask) -> None:
    text = told(ask("2025-10-24T18:00", "what_did_they_say", "person:resendez"))
    assert "“The mayor's memo is misguided and dangerous … If the mayor truly wants" in text


def test_a_body_is_not_bound_by_what_its_people_say(ask: Ask) -> None:
    for entity, name in (
        ("org:city-council", "Dallas City Council"),
        ("org:workers-defense", "Workers Defense Action Fund"),
    ):
        stand = told(ask("2025-11-08T12:00", "where_they_stand", entity))
        assert not re.search(rf"{name}: (Against|For|Turned|Supports)", stand)
        said = told(ask("2025-11-08T12:00", "what_did_they_say", entity))
        assert not said.startswith(f"{name}. Against")
    words = told(ask("2025-11-08T12:00", "what_did_they_say", "org:workers-defense"))
    assert "Anita Nunez" in words


def test_a_change_of_position_names_both_with_their_sources(ask: Ask) -> None:
    reply = ask("2025-11-08T00:00", "where_they_stand", "person:eric-johnson")
    text = told(reply)
    assert "Supports the council's decision" in text
    assert "Before that" in text
    assert {"kera-2025-11-07", "council-respond"} <= sources_of(reply)
    assert "Supports" not in told(ask("2025-11-07T23:59", "where_they_stand", "person:eric-johnson"))


def test_sides_stand_in_a_stated_order(ask: Ask) -> None:
    for lang, order in (("en", "Sides in alphabetical order"), ("es", "alfabético")):
        reply = ask("2025-11-08T12:00", "where_they_stand", lang=lang)
        heads = [block_text(block) for block in parse(reply.html) if block.tag == "h3"]
        sides = [head for head in heads if not re.search(r"\d|Council members|concejo", head)]
        assert order in to_text(reply.html)
        assert sides == sorted(sides, key=str.casefold)
        assert len(sides) >= 2
