"""What a chat does about its reminders, over a real database: looks, starts, chooses, pauses, renews, stops."""

import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from bot.conversation.conversation import Conversation
from bot.conversation.reminding import Reminding
from bot.core.clock import FixedClock
from bot.core.errors import ServiceError
from bot.core.messages import Incoming, Reader, Reply, Turn
from bot.core.ports import Understanding
from bot.factbase.base import FactBase
from bot.phrasebook.book import Phrasebook
from bot.platforms.plaintext import to_text
from bot.reminders.subscription import Subscription
from bot.storage import Storage, open_storage

ZONE = ZoneInfo("America/Chicago")
NOON = datetime(2025, 11, 5, 12, tzinfo=ZONE)
CHAT = "4242"


class Words:
    """An interpreter that takes every text for the wish to be reminded, or to be forgotten where it says “forg”."""

    def understand(self, text: str, context: Turn | None = None) -> Understanding:  # noqa: ARG002 - the port's names
        intent = "forget_me" if re.search("forg|olv", text, re.IGNORECASE) else "remind_me"
        return Understanding(Turn(intent), "answer", 1.0, "en")


@dataclass
class Chat:
    """One chat that presses buttons at one instant; `ended_at` is when an outcome was last told."""

    base: FactBase
    book: Phrasebook
    storage: Storage
    now: datetime = NOON
    ended_at: datetime | None = None
    may_subscribe: bool = True
    asked: list[str] = field(default_factory=list)

    async def press(self, intent: str, option: str | None = None, lang: str = "en") -> Reply:
        return await self.say(Incoming(turn=Turn(intent, f"option:{option}" if option else None), lang=lang))

    async def say(self, incoming: Incoming) -> Reply:
        async def ended_at() -> datetime | None:
            return self.ended_at

        async def may_subscribe() -> bool:
            self.asked.append("may")
            return self.may_subscribe

        subscriptions, erase = self.storage.subscriptions("old-bridge"), self.storage.readers.forget
        reminding = Reminding(self.base, subscriptions, ended_at, timedelta(days=30), erase)
        talk = Conversation(self.base, self.book, Words(), FixedClock(self.now), None, reminding)
        return await talk(replace(incoming, reader=Reader("telegram", CHAT, 7, may_subscribe)))

    async def kept(self) -> Subscription | None:
        return await self.storage.subscriptions("old-bridge").get("telegram", CHAT)


@pytest_asyncio.fixture
async def chat(base_of: Callable[..., FactBase], responses_folder: Path, tmp_path: Path) -> AsyncIterator[Chat]:
    storage = await open_storage(None, tmp_path / "var", ["the secret of these tests"], FixedClock(NOON))
    yield Chat(base_of(), Phrasebook(responses_folder, ["en", "es"]), storage)
    await storage.close()


def text(reply: Reply) -> str:
    return " ".join(to_text(reply.html).split())


def labels(reply: Reply) -> list[str]:
    return [button.label for button in reply.buttons]


@pytest.mark.asyncio
async def test_what_will_come_is_shown_before_anything_is_kept(chat: Chat) -> None:
    reply = await chat.say(Incoming(text="remind me"))
    assert text(reply).startswith("Shall I remind you? You would get:")
    assert "7 days, 1 day and 2 hours before" in text(reply)
    assert "Tomorrow: Thursday, November 6, 9:00 a.m., at Town Hall." in text(reply)
    assert labels(reply)[0] == "Yes, remind me"
    assert await chat.kept() is None
    assert chat.asked == []  # looking needs nobody's leave


@pytest.mark.asyncio
async def test_a_yes_is_kept_with_language_instant_and_forum_topic(chat: Chat) -> None:
    reply = await chat.press("remind_me", "start", "es")
    assert text(reply).startswith("Listo. Te lo recordaré.")
    assert await chat.kept() == Subscription("es", NOON, frozenset(), paused=False, thread=7)
    assert reply.entity is None  # an option is no entity to refer back to


@pytest.mark.asyncio
async def test_the_answer_names_the_next_notice_by_the_choices(chat: Chat) -> None:
    # the day before was at 9:00 today, so that two hours before is next: 7:00 is quiet, 8:00 leaves an hour
    assert "The next one comes on Thursday, November 6, 8:00 a.m." in text(await chat.press("remind_me", "start"))
    reply = await chat.press("remind_me", "hours-off")
    assert "The next one comes on November 24, 2026, 8:00 a.m." in text(reply).replace("Tuesday, ", "")
    assert labels(reply)[:4] == ["☑ 7 days before", "☑ 1 day before", "☐ 2 hours before", "Pause"]
    kept = await chat.kept()
    assert kept is not None
    assert kept.off == {"hours"}


@pytest.mark.asyncio
async def test_a_choice_pressed_twice_stays_as_it_is(chat: Chat) -> None:
    await chat.press("remind_me", "start")
    await chat.press("remind_me", "week-off")
    first = await chat.kept()
    await chat.press("remind_me", "week-off")
    assert await chat.kept() == first
    await chat.press("remind_me", "week-on")
    kept = await chat.kept()
    assert kept is not None
    assert kept.off == frozenset()


@pytest.mark.asyncio
async def test_a_pause_keeps_the_subscription_and_its_instant(chat: Chat) -> None:
    await chat.press("remind_me", "start")
    chat.now = NOON + timedelta(hours=1)
    reply = await chat.press("remind_me", "pause")
    assert text(reply).startswith("Paused.")
    assert labels(reply)[0] == "Go on"
    kept = await chat.kept()
    assert kept == Subscription("en", NOON, paused=True, thread=7)
    await chat.press("remind_me", "resume")
    assert await chat.kept() == Subscription("en", NOON, paused=False, thread=7)


@pytest.mark.asyncio
async def test_stop_erases_in_one_step_and_says_so_only_once(chat: Chat) -> None:
    await chat.press("remind_me", "start")
    assert text(await chat.press("stop_reminders")).startswith("Done. Your reminders are stopped and erased.")
    assert await chat.kept() is None
    assert text(await chat.press("stop_reminders")).startswith("You have no reminders here")


@pytest.mark.asyncio
async def test_in_a_group_only_an_administrator_changes_anything(chat: Chat) -> None:
    chat.may_subscribe = False
    assert text(await chat.press("remind_me", "start")).startswith("In a group, only an administrator can set")
    assert await chat.kept() is None
    chat.may_subscribe = True
    await chat.press("remind_me", "start")
    chat.may_subscribe = False
    assert text(await chat.press("stop_reminders")).startswith("In a group, only an administrator can stop")
    assert await chat.kept() is not None


@pytest.mark.asyncio
async def test_after_the_outcome_one_button_renews_with_the_same_choices(chat: Chat) -> None:
    await chat.press("remind_me", "start")
    await chat.press("remind_me", "day-off")
    chat.now = chat.ended_at = datetime(2025, 11, 6, 18, 30, tzinfo=ZONE)
    reply = await chat.press("remind_me")
    assert text(reply).startswith("Your reminders have ended. I erase your subscription on December 6, 2025.")
    assert labels(reply)[0] == "Yes, of the next date too"
    chat.now += timedelta(minutes=1)
    assert text(await chat.press("remind_me", "renew")).startswith("Done. I will remind you.")
    assert await chat.kept() == Subscription("en", chat.now, frozenset({"day"}), thread=7)


@pytest.mark.asyncio
async def test_an_ended_subscription_takes_no_choices(chat: Chat) -> None:
    await chat.press("remind_me", "start")
    before = await chat.kept()
    chat.now = chat.ended_at = datetime(2025, 11, 6, 18, 30, tzinfo=ZONE)
    await chat.press("remind_me", "pause")
    assert await chat.kept() == before


@pytest.mark.asyncio
async def test_where_nothing_is_to_come_nothing_is_offered(chat: Chat) -> None:
    chat.now = datetime(2026, 12, 2, 12, tzinfo=ZONE)
    reply = await chat.press("remind_me", "start")
    assert text(reply).startswith("There is no date ahead that I could remind you of.")
    assert await chat.kept() is None
    assert "Yes, remind me" not in labels(reply)


@pytest.mark.asyncio
async def test_a_date_without_a_reported_outcome_can_still_be_subscribed_to(chat: Chat) -> None:
    chat.now = datetime(2025, 11, 6, 12, tzinfo=ZONE)  # the meeting began at nine, and nobody reported yet
    assert text(await chat.press("remind_me", "start")).startswith("Done. I will remind you.")


@pytest.mark.asyncio
async def test_without_the_database_the_reader_hears_that_nothing_changed(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> Callable[..., Awaitable[None]]:
        raise ServiceError("The database does not answer.")

    monkeypatch.setattr(chat.storage.database, "reading", away)
    assert text(await chat.press("remind_me", "start")).startswith("I could not save that just now.")
    assert text(await chat.press("stop_reminders")).startswith("I could not save that just now.")


@pytest.mark.asyncio
async def test_where_the_platform_cannot_write_the_calendar_is_offered(chat: Chat) -> None:
    talk = Conversation(chat.base, chat.book, Words(), FixedClock(NOON))
    reply = await talk(Incoming(turn=Turn("remind_me", "option:start"), lang="en"))
    assert text(reply).startswith("I can't write to you here: add the dates to your calendar instead.")
    assert reply.document is not None
    assert reply.document.content.startswith(b"BEGIN:VCALENDAR")
    assert reply.document.path == "/calendar/old-bridge.ics?lang=en"
    assert "Add to calendar" not in labels(reply)  # the file is there already


@pytest.mark.asyncio
@pytest.mark.parametrize("words", ["I forgot", "don't forget me", "se me olvidó", "what does forget me do?"])
async def test_words_that_are_near_to_forget_me_are_asked_back_and_erase_nothing(chat: Chat, words: str) -> None:
    await chat.press("remind_me", "start")
    reply = await chat.say(Incoming(text=words, lang="en"))
    assert (reply.outcome, reply.forget, labels(reply)) == ("confirm", False, ["Forget me", "Privacy"])
    assert await chat.kept() is not None


@pytest.mark.asyncio
@pytest.mark.parametrize("words", ["forget me", "Forget me!", "olvídame", "OLVIDAME"])
async def test_words_that_say_just_that_erase_at_once(chat: Chat, words: str) -> None:
    await chat.press("remind_me", "start")
    assert (await chat.say(Incoming(text=words, lang="en"))).forget
    assert await chat.kept() is None


@pytest.mark.asyncio
async def test_no_dates_are_promised_where_none_lie_ahead(chat: Chat) -> None:
    talk = Conversation(chat.base, chat.book, Words(), FixedClock(datetime(2027, 6, 1, 12, tzinfo=ZONE)))
    reply = await talk(Incoming(turn=Turn("remind_me"), lang="en"))
    assert reply.document is None
    assert text(reply).startswith("I can't write to you here. In a private chat on Telegram I can remind you.")


@pytest.mark.asyncio
@pytest.mark.parametrize("lang", ["en", "es"])
async def test_a_chat_that_looks_at_another_instant_is_told_that_nothing_changes(chat: Chat, lang: str) -> None:
    await chat.press("remind_me", "start")
    for turn in (Turn("remind_me", "option:pause"), Turn("stop_reminders"), Turn("forget_me")):
        reply = await chat.say(Incoming(turn=turn, lang=lang, at=NOON))
        assert re.search("^In a preview, nothing is kept|^En una vista previa no se guarda", text(reply))
        assert (reply.forget, reply.document) == (False, None)
    assert await chat.kept() == Subscription("en", NOON, thread=7)


DECIDED = "{state: decided, held: 2025-11-06, outcome: adopted, tally: {votes_for: 8, votes_against: 5, absent: 1, members: 14}, body: council, sources: [radio]}"  # noqa: E501 - as the pack has it


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("now", "report", "is_offered"),
    [
        ((2026, 12, 2), "{state: postponed, until: 2027-01-10, sources: [radio]}", True),
        ((2026, 12, 2), "{state: postponed, until: 2026-11-20, sources: [radio]}", True),  # not reported yet
        ((2026, 12, 2), "{state: postponed, until: indefinitely, sources: [radio]}", False),
        ((2026, 12, 2), "{state: scheduled, when: 2025-11-20, sources: [radio]}", False),  # nobody ever will
    ],
)
async def test_reminders_are_offered_as_long_as_an_outcome_may_come(
    chat: Chat, base_of: Callable[..., FactBase], now: tuple[int, ...], report: str, is_offered: bool
) -> None:
    chat.base = base_of(changes={"decisions.yaml": (DECIDED, report)})
    chat.now = datetime(*now, 12, tzinfo=ZONE)  # type: ignore[misc, arg-type]
    assert ("Yes, remind me" in labels(await chat.press("remind_me"))) is is_offered


@pytest.mark.asyncio
async def test_a_date_after_a_postponement_goes_into_the_calendar(chat: Chat, base_of: Callable[..., FactBase]) -> None:
    postponed = "{state: postponed, until: 2027-01-10, sources: [radio]}"
    chat.base = base_of(changes={"decisions.yaml": (DECIDED, postponed)})
    chat.now = datetime(2026, 12, 2, 12, tzinfo=ZONE)
    reply = await chat.press("add_to_calendar")
    assert reply.document is not None
    assert b"20270110" in reply.document.content
    assert "Here are the dates for your calendar." in text(reply)


@pytest.mark.asyncio
async def test_an_outcome_known_in_the_night_is_counted_from_the_morning_on_which_it_was_told(chat: Chat) -> None:
    await chat.press("remind_me", "start")
    chat.ended_at, chat.now = (datetime(2025, 11, *at, tzinfo=ZONE) for at in ((6, 22), (7, 9)))  # type: ignore[misc, arg-type]
    reply = await chat.press("remind_me")
    assert text(reply).startswith("Your reminders have ended. I erase your subscription on December 7, 2025.")


@pytest.mark.asyncio
async def test_forgetting_erases_before_it_says_so(chat: Chat) -> None:
    await chat.press("remind_me", "start")
    await chat.storage.readers.choose_language("telegram", CHAT, "es")
    reply = await chat.say(Incoming(turn=Turn("forget_me"), lang="en"))
    assert text(reply).startswith("Done. Whatever I kept of you is erased.")
    assert reply.forget
    assert await chat.kept() is None
    assert (await chat.storage.readers.recall("telegram", CHAT)).language is None


@pytest.mark.asyncio
async def test_forgetting_without_the_database_is_said_not_to_have_happened(chat: Chat, tmp_path: Path) -> None:
    await chat.press("remind_me", "start")
    with closing(sqlite3.connect(tmp_path / "var" / "explainer.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for lang, said in (("en", "It is not erased yet"), ("es", "Todavía no está borrado")):
            reply = await chat.say(Incoming(turn=Turn("forget_me"), lang=lang))
            assert text(reply).startswith(said)
            assert not reply.forget
    assert await chat.kept() is not None


@pytest.mark.asyncio
async def test_member_of_a_group_has_nothing_erased(chat: Chat) -> None:
    await chat.press("remind_me", "start")
    chat.may_subscribe = False
    assert not (await chat.say(Incoming(turn=Turn("forget_me"), lang="en"))).forget
    assert await chat.kept() is not None


@pytest.mark.asyncio
async def test_privacy_tells_how_long_the_operator_keeps_what_ended(chat: Chat) -> None:
    reply = await chat.say(Incoming(turn=Turn("privacy"), lang="en"))
    assert "Until you stop them, or 30 days after they end." in text(reply)
