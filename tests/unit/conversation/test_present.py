"""Replies of the present moment: the same one until the clock, the facts or what was asked is another."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.conversation.conversation import Conversation
from bot.conversation.present import Present
from bot.conversation.reminding import Reminder
from bot.conversation.rendering import Asked
from bot.core.messages import Incoming, Reply, Turn
from bot.core.ports import Understanding
from bot.factbase.base import FactBase
from bot.factbase.snapshot import Snapshot
from bot.phrasebook.book import Phrasebook
from bot.reminders.subscription import Subscription

ZONE = ZoneInfo("America/Chicago")
NOON = datetime(2025, 11, 4, 12, 0, 5, tzinfo=ZONE).astimezone(UTC)
VOTE = Incoming(turn=Turn("when_is_the_vote"), lang="en")
DOUBT = (Turn("when_is_the_vote"), Turn("what_is", "term:girder"))


@dataclass
class Hands:
    """A clock that is set by hand."""

    instant: datetime = NOON
    is_set = True

    def now(self) -> datetime:
        return self.instant

    def move(self, **by: float) -> None:
        self.instant += timedelta(**by)


class Says:
    """An interpreter that takes a text for what its table has."""

    table = {  # noqa: RUF012 - never changed
        "sure": Understanding(Turn("when_is_the_vote"), "answer", 1.0, "en"),
        "likely": Understanding(Turn("when_is_the_vote"), "answer", 0.7, "en"),
        "both": Understanding(Turn("when_is_the_vote"), "answer", 1.0, "en", (Turn("what_happened"),)),
        "doubt": Understanding(Turn("when_is_the_vote"), "confirm", 1.0, "en", DOUBT),
        "bonjour": Understanding(Turn("language"), "refuse", 1.0, "en", sentence="Je ne parle pas français."),
        "hallo": Understanding(Turn("language"), "refuse", 1.0, "en", sentence="Ich spreche kein Deutsch."),
    }

    def understand(self, text: str, context: Turn | None = None) -> Understanding:  # noqa: ARG002 - the port's names
        return self.table[text]


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def talk_about(responses_folder: Path, hands: Hands) -> Callable[[FactBase], Conversation]:
    book = Phrasebook(responses_folder, ["en", "es"])
    return lambda base: Conversation(base, book, Says(), hands)


@pytest.fixture
def talk(base_of: Callable[..., FactBase], talk_about: Callable[[FactBase], Conversation]) -> Conversation:
    """A conversation about the small pack, at noon of November 4, 2025."""
    return talk_about(base_of())


def test_reply_is_the_same_until_its_minute_ends(talk: Conversation, hands: Hands) -> None:
    first = talk.answer(VOTE)
    hands.move(seconds=54.9)
    assert talk.answer(VOTE) is first
    hands.move(seconds=0.1)
    later = talk.answer(VOTE)
    assert ("12:00 p.m." in first.html, "12:01 p.m." in later.html) == (True, True)
    assert later.at == datetime(2025, 11, 4, 12, 1, tzinfo=ZONE)


@pytest.mark.asyncio
async def test_platforms_and_editors_are_given_the_same(talk: Conversation) -> None:
    assert await talk(VOTE) is talk.answer(VOTE)


def test_report_that_comes_in_the_middle_of_a_minute_is_told_at_once(
    base_of: Callable[..., FactBase], talk_about: Callable[[FactBase], Conversation], hands: Hands
) -> None:
    base = base_of(changes={"decisions.yaml": ("known_from: 2025-11-05T09:00}", "known_from: 2025-11-05T09:00:30}")})
    hands.instant = datetime(2025, 11, 5, 9, 0, 29, tzinfo=ZONE).astimezone(UTC)
    talk = talk_about(base)
    assert "No day has been confirmed" in talk.answer(VOTE).html
    hands.move(seconds=1)
    assert "Tomorrow" in talk.answer(VOTE).html


def test_meeting_that_begins_in_the_middle_of_a_minute_is_not_told_as_ahead(
    base_of: Callable[..., FactBase], talk_about: Callable[[FactBase], Conversation], hands: Hands
) -> None:
    base = base_of(changes={"decisions.yaml": ("when: 2025-11-06T09:00,", "when: 2025-11-06T09:00:30,")})
    hands.instant = datetime(2025, 11, 6, 9, 0, 29, tzinfo=ZONE).astimezone(UTC)
    talk = talk_about(base)
    assert "Today:" in talk.answer(VOTE).html
    hands.move(seconds=1)
    assert "It was set for today" in talk.answer(VOTE).html


def test_clock_that_is_set_back_is_believed(talk: Conversation, hands: Hands) -> None:
    hands.instant = datetime(2025, 11, 6, 18, 0, 1, tzinfo=ZONE).astimezone(UTC)
    assert "approved" in talk.answer(VOTE).html
    hands.move(seconds=-2)
    assert "no report of the outcome yet" in talk.answer(VOTE).html


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (VOTE, replace(VOTE, lang="es")),
        (VOTE, Incoming(turn=Turn("who_decides"), lang="en")),
        (Incoming(turn=Turn("what_is")), Incoming(turn=Turn("what_is", "term:girder"))),
        (Incoming(turn=Turn("remind_me")), Incoming(turn=Turn("remind_me", "option:start"))),
        (Incoming(turn=Turn("language"), lang="en"), Incoming(turn=Turn("language"), lang_hint="en")),
        (Incoming("sure"), Incoming("both")),
        (Incoming("sure"), Incoming("doubt")),
        (Incoming("bonjour"), Incoming("hallo")),
    ],
)
def test_what_was_asked_otherwise_is_another_reply(talk: Conversation, one: Incoming, other: Incoming) -> None:
    first, second = talk.answer(one), talk.answer(other)
    assert first is not second
    assert (talk.answer(one), talk.answer(other)) == (first, second)
    assert talk.answer(one) is first


def test_states_of_reminders_are_told_apart(talk: Conversation) -> None:
    asked = Incoming(turn=Turn("remind_me"), lang="en")
    offered = talk.answer(asked, Reminder("offered"))
    assert "Shall I remind you?" in offered.html
    assert "Nothing was changed" in talk.answer(asked, Reminder("unavailable")).html
    assert talk.answer(asked, Reminder("offered")) is offered


def test_doubt_about_a_text_changes_no_word_of_the_answer(talk: Conversation) -> None:
    sure, likely = talk.answer(Incoming("sure")), talk.answer(Incoming("likely"))
    assert (sure.confidence, likely.confidence) == (1.0, 0.7)
    assert likely.html is sure.html
    assert likely.buttons is sure.buttons


def test_another_instant_that_was_asked_for_is_not_the_present(talk: Conversation) -> None:
    then = replace(VOTE, at=datetime(2025, 11, 7, 12, tzinfo=ZONE))
    assert "approved" in talk.answer(then).html
    present = talk.answer(VOTE)
    assert "Expected" in present.html
    assert "approved" in talk.answer(then).html
    assert talk.answer(VOTE) is present


def test_reminders_of_one_chat_are_told_anew_each_time(talk: Conversation) -> None:
    asked, next_at = Incoming(turn=Turn("remind_me"), lang="en"), NOON + timedelta(hours=3)
    reminder = Reminder("subscribed", subscription=Subscription("en", NOON), next_at=next_at.astimezone(ZONE))
    first = talk.answer(asked, reminder)
    assert talk.answer(asked, reminder) is not first
    assert first.until == next_at


def test_only_what_takes_something_away_cannot_be_repeated(talk: Conversation) -> None:
    lasting = {turn.intent for turn in talk.turns() if not talk.answer(Incoming(turn=turn)).is_repeatable}
    assert lasting == {"stop_reminders", "forget_me"}


def test_suggestions_are_the_buttons_of_help_in_their_order(talk: Conversation) -> None:
    english, spanish = talk.suggest("en"), talk.suggest("es", NOON)
    assert [one.turn for one in english] == [one.turn for one in spanish]
    assert [one.turn.intent for one in english if one.turn][:4] == [
        "what_happened", "when_is_the_vote", "who_said_what", "what_is",
    ]  # fmt: skip
    assert (english[3].label, spanish[3].label) == ("What is girder?", "¿Qué es viga?")


class Making:
    """Makes empty replies and notes for what."""

    def __init__(self, until: datetime | None = None) -> None:
        self.until = until
        self.made: list[str] = []

    def __call__(self, asked: Asked, facts: Snapshot) -> Reply:
        self.made.append(asked.turn.intent)
        until = self.until if self.until and self.until > facts.instant else None
        return Reply(asked.turn.intent, None, "answer", 1.0, "en", facts.now, "", until=until)


def asked_of(intent: str) -> Asked:
    return Asked(Turn(intent), "answer", "en")


def test_replies_that_nobody_asked_for_lately_are_not_kept(base_of: Callable[..., FactBase], hands: Hands) -> None:
    make = Making()
    present = Present(base_of(), hands, make, most=2)
    for intent in ("a", "b", "a", "c", "a", "b"):
        present.reply(asked_of(intent))
    assert make.made == ["a", "b", "c", "b"]


def test_count_of_minutes_does_not_outlive_its_minute(base_of: Callable[..., FactBase], hands: Hands) -> None:
    make = Making(until=NOON + timedelta(seconds=20))
    present = Present(base_of(), hands, make)
    first = present.reply(asked_of("a"))
    hands.move(seconds=19)
    assert present.reply(asked_of("a")) is first
    hands.move(seconds=1)
    second = present.reply(asked_of("a"))
    assert second.at > first.at
    assert present.reply(asked_of("a")) is second
    assert make.made == ["a", "a"]


def test_snapshot_of_a_step_is_shared(base_of: Callable[..., FactBase], hands: Hands) -> None:
    present = Present(base_of(), hands, Making())
    facts = present.facts
    hands.move(seconds=30)
    assert present.facts is facts
    hands.move(seconds=30)
    assert present.facts is not facts
