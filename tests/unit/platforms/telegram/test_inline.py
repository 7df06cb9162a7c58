"""Inline queries: cards of true answers, in the reader's language, kept no longer than their wording holds."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from telegram import Bot

from bot.core.clock import FixedClock
from bot.core.messages import Button, Document, Incoming, Reply, Turn
from bot.platforms.telegram.connections import Connections, Limits
from bot.platforms.telegram.inline import NOT_READ, InlineAnswer, InlineMode, Wording, send_offer, send_reply
from bot.platforms.telegram.transport import Transport
from tests.double import BotApiDouble
from tests.double.stage import FORGET, ICE, LANGUAGE, VOTE, WHO, FixedCodes

pytestmark = pytest.mark.asyncio(loop_scope="function")

NOW = datetime(2025, 11, 5, 23, 58, tzinfo=UTC)
NOTES = '<p class="notes">[1] <a href="https://a.org">KERA</a>, Nov 5 · As of Nov 5, 2025</p>'
LEGAL = Turn("legal_advice")
MEANT = {"vote": VOTE, "who": WHO, "ice": ICE, "forget": FORGET, "language": LANGUAGE, "deported": LEGAL}


@dataclass
class Desk:
    """Fixed answers to a few words; `until` by intent; `asked` is all that was asked."""

    until: dict[str, datetime] = field(default_factory=dict)
    long: frozenset[Turn] = frozenset()
    files: frozenset[Turn] = frozenset()
    asked: list[Incoming] = field(default_factory=list)
    is_broken: bool = False

    async def __call__(self, incoming: Incoming) -> Reply:
        self.asked.append(incoming)
        if self.is_broken:
            raise LookupError("no content")
        lang = incoming.lang or ("es" if "voto" in incoming.text else incoming.lang_hint or "en")
        turn = incoming.turn or MEANT.get(incoming.text.strip())
        if turn is None:
            is_unclear = incoming.text.strip() == "unclear"
            turn = WHO if is_unclear else Turn("not_covered")
            if incoming.text.strip() == "unclear, and of oneself":
                return self._reply(FORGET, "confirm", lang, (FORGET,))
            return self._reply(turn, "confirm" if is_unclear else "refuse", lang, (VOTE, WHO, FORGET))
        reply = self._reply(turn, "refuse" if turn == LEGAL else "answer", lang, (VOTE, WHO, ICE, LANGUAGE))
        chosen = lang if turn == LANGUAGE and incoming.lang else None
        return replace(reply, forget=turn == FORGET, chosen_lang=chosen)

    def _reply(self, turn: Turn, outcome: Any, lang: str, following: tuple[Turn, ...]) -> Reply:
        body = f"<p>{turn.intent} in {lang}.<sup>[1]</sup></p>" * (160 if turn in self.long else 1)
        buttons = (*(Button(_label(one, lang), one) for one in following), Button("Web", url="https://a.org"))
        until = self.until.get(turn.intent)
        document = Document("a.ics", b"BEGIN", "text/calendar", "Dates", "/a.ics") if turn in self.files else None
        return Reply(
            turn.intent, turn.entity, outcome, 1.0, lang, NOW, body + NOTES, buttons=buttons, until=until,
            document=document,
        )  # fmt: skip


class Codes(FixedCodes):
    """Codes of every turn that is asked here."""

    def code(self, turn: Turn) -> str:
        return turn.intent.replace("when_is_the_", "") if turn not in self.turns.values() else super().code(turn)


def _label(turn: Turn, lang: str) -> str:
    return f"{turn.intent}? ({lang})"


def _mode(desk: Desk, usual: tuple[Turn, ...] = (VOTE, WHO, VOTE)) -> InlineMode:
    def suggest(lang: str) -> tuple[Button, ...]:
        return tuple(Button(_label(turn, lang), turn) for turn in usual)

    wording = Wording(lambda name, lang: f"{name} {lang}", _label, suggest)
    return InlineMode(desk, Codes(), wording, ("en", "es"), FixedClock(NOW), "FactsBot")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def _titles(answer: InlineAnswer) -> list[str]:
    return [card["title"] for card in answer.results]


async def test_empty_query_offers_the_usual_questions_once_each(desk: Desk) -> None:
    answer = await _mode(desk).offer("  ", "es")
    assert _titles(answer) == ["when_is_the_vote? (es)", "who_said_what? (es)"]
    assert [card["id"] for card in answer.results] == ["vote.es", "who.es"]
    assert answer.results[0]["description"] == "when_is_the_vote in es. · As of Nov 5, 2025"


async def test_understood_query_offers_its_answer_and_then_its_neighbours(desk: Desk) -> None:
    assert _titles(await _mode(desk).offer("who")) == [
        "who_said_what? (en)", "when_is_the_vote? (en)", "what_is? (en)",
    ]  # fmt: skip


async def test_unclear_query_offers_what_it_may_have_meant(desk: Desk) -> None:
    assert _titles(await _mode(desk).offer("unclear")) == ["when_is_the_vote? (en)", "who_said_what? (en)"]


@pytest.mark.parametrize("text", ["asdf", "forget", "unclear, and of oneself"])
async def test_query_without_an_answer_for_all_offers_the_usual_questions(desk: Desk, text: str) -> None:
    answer = await _mode(desk).offer(text)
    assert _titles(answer) == ["when_is_the_vote? (en)", "who_said_what? (en)"]
    assert text not in json.dumps(answer.parameters("1"))


async def test_language_is_the_chosen_one_else_that_of_the_words_else_that_of_the_app(desk: Desk) -> None:
    mode = _mode(desk)
    assert (await mode.offer("el voto", "en")).button[0] == "in_private es"
    assert (await mode.offer("el voto", "es", chosen="en")).button[0] == "in_private en"
    assert (await mode.offer("", "fr")).button[0] == "in_private en"
    assert (await mode.offer("", "fr", chosen="es")).button[0] == "in_private es"


async def test_card_leads_to_the_same_answer_in_private_and_has_no_other_button(desk: Desk) -> None:
    answer = await _mode(desk).offer("vote")
    link = {"text": "in_private en", "url": "https://t.me/FactsBot?start=vote"}
    assert answer.results[0]["reply_markup"] == {"inline_keyboard": [[link]]}
    assert answer.parameters("7")["button"] == {"text": "in_private en", "start_parameter": "help"}


async def test_nobody_is_remembered_or_asked_for(desk: Desk) -> None:
    await _mode(desk).offer("who", "en")
    assert all(one.reader is None and one.context is None for one in desk.asked)


async def test_results_are_kept_until_the_first_wording_ends(desk: Desk) -> None:
    desk.until = {"who_said_what": NOW + timedelta(hours=1), "what_is": NOW + timedelta(seconds=90.7)}
    assert (await _mode(desk).offer("who")).cache_time == 90
    desk.until["when_is_the_vote"] = NOW - timedelta(seconds=1)
    assert (await _mode(desk).offer("who")).cache_time == 0
    desk.until = {}
    assert (await _mode(desk).offer("who")).cache_time == 300


async def test_refusal_is_a_card_that_is_never_kept(desk: Desk) -> None:
    answer = await _mode(desk).offer("deported")
    assert _titles(answer)[0] == "legal_advice? (en)"
    assert (answer.cache_time, answer.parameters("1")["is_personal"]) == (0, True)


async def test_long_answer_still_names_its_sources(desk: Desk) -> None:
    desk.long = frozenset({WHO})
    text = (await _mode(desk).offer("who")).results[0]["input_message_content"]["message_text"]
    assert "KERA" in text
    assert "As of Nov 5, 2025" in text


async def test_changed_answer_makes_another_card(desk: Desk) -> None:
    mode = _mode(desk)
    before = await mode.offer("who")
    assert (await mode.offer("who")).results[0] is before.results[0]
    desk.long = frozenset({WHO})
    assert (await mode.offer("who")).results[0] != before.results[0]


async def test_failure_gives_the_button_alone(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    desk.is_broken = True
    assert await _mode(desk).offer("who", "es") == InlineAnswer((), ("in_private es", "help"), 0)
    assert await _mode(desk).reply(Incoming("who")) is None
    assert [record.message for record in caplog.records] == [
        "telegram.inline_failed error=LookupError", "telegram.guest_failed error=LookupError",
    ]  # fmt: skip


async def test_answer_that_comes_with_a_file_is_no_card(desk: Desk) -> None:
    desk.files = frozenset({WHO})
    assert "who_said_what? (en)" not in _titles(await _mode(desk).offer("who"))
    assert "who_said_what? (en)" not in _titles(await _mode(desk).offer("vote"))


async def test_never_more_than_ten_results(desk: Desk) -> None:
    usual = tuple(Turn("what_is", f"term:{number}") for number in range(30))
    assert len((await _mode(desk, usual).offer("")).results) == 10


async def test_summons_gets_its_answer_with_the_way_to_the_private_chat(desk: Desk) -> None:
    card = await _mode(desk).reply(Incoming("ice", lang_hint="es"))
    assert card is not None
    assert (card["id"], card["title"]) == ("ice.es", "what_is? (es)")
    assert _links(card) == {"in_private es": "ice"}


async def test_summons_without_words_or_with_a_command_is_answered(desk: Desk) -> None:
    empty, vote = await _mode(desk).reply(Incoming(" ")), await _mode(desk).reply(Incoming("/vote", VOTE))
    assert empty is not None
    assert vote is not None
    assert (empty["id"], vote["id"]) == ("help.en", "vote.en")


async def test_unclear_summons_leads_to_what_it_may_have_meant(desk: Desk) -> None:
    card = await _mode(desk).reply(Incoming("unclear"))
    assert card is not None
    assert list(_links(card).values()) == ["vote", "who", "forget", "who"]


async def test_summons_below_a_message_is_understood_once(desk: Desk) -> None:
    card = await _mode(desk).reply(Incoming("ice", lang_hint="es"), is_below=True)
    assert card is not None
    assert (card["id"], len(desk.asked)) == ("ice.es", 1)


async def test_summons_below_a_message_that_asks_of_it_is_told_that_it_is_not_read(desk: Desk) -> None:
    await _mode(desk).reply(Incoming("esto?", lang="es"), is_below=True)
    assert [(asked.turn, asked.lang) for asked in desk.asked] == [(None, "es"), (NOT_READ, "es")]
    await _mode(desk).reply(Incoming("esto?"))
    assert desk.asked[-1].turn is None


async def test_summons_changes_nothing_of_the_one_who_asked(desk: Desk) -> None:
    card = await _mode(desk).reply(Incoming("forget"))
    assert card is not None
    assert card["id"] == "help.en"


def _links(card: dict[str, Any]) -> dict[str, str]:
    rows = card["reply_markup"]["inline_keyboard"]
    return {row[0]["text"]: parse_qs(urlsplit(row[0]["url"]).query)["start"][0] for row in rows}


@asynccontextmanager
async def _bot() -> AsyncIterator[tuple[Bot, BotApiDouble]]:
    async with BotApiDouble() as double:
        request = Transport(Connections(double.url, 4), Limits(1.0, 1.0, 2.0))
        async with Bot(double.token, f"{double.url}/bot", request=request, get_updates_request=request) as bot:
            yield bot, double


async def test_cards_are_taken_and_become_the_message_that_they_promise(desk: Desk) -> None:
    async with _bot() as (bot, double):
        query = double.elsewhere.type("who")
        await send_offer(bot, query, await _mode(desk).offer("who", "en"))
        shown = await double.elsewhere.results(query)
        assert shown.titles == ["who_said_what? (en)", "when_is_the_vote? (en)", "what_is? (en)"]
        assert (shown.is_personal, shown.cache_time) == (True, 300)
        sent = double.elsewhere.choose(query, "when_is_the_vote? (en)")
        assert sent.text.startswith("when_is_the_vote in en.")
        assert sent.labels == ["in_private en"]
        assert double.refused == []


async def test_summons_is_answered_in_the_foreign_chat(desk: Desk) -> None:
    async with _bot() as (bot, double):
        query = double.elsewhere.summon("vote")
        card = await _mode(desk).reply(Incoming("vote", lang_hint="en"))
        assert card is not None
        await send_reply(bot, query, card)
        sent = await double.elsewhere.guest_reply(query)
        assert sent.text.startswith("when_is_the_vote in en.")
        assert double.refused == []


async def test_payload_has_the_fields_of_the_bot_api_and_no_others(shared: Path) -> None:
    spec = json.loads((shared / "data" / "telegram-bot-api-10.1.json").read_text())
    card = {"type", "id", "title", "description", "input_message_content", "reply_markup"}
    assert card <= _fields(spec["types"]["InlineQueryResultArticle"])
    content = {"message_text", "parse_mode", "link_preview_options"}
    assert content <= _fields(spec["types"]["InputTextMessageContent"])
    parameters = InlineAnswer((), ("label", "help"), 0).parameters("1")
    assert parameters.keys() <= _fields(spec["methods"]["answerInlineQuery"])
    assert parameters["button"].keys() <= _fields(spec["types"]["InlineQueryResultsButton"])


def _fields(entry: dict[str, Any]) -> set[str]:
    return {one["name"] for one in entry["fields"]}
