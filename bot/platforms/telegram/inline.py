"""Answers from any chat: cards for what is typed behind the bot's name, one message where the bot is summoned."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from telegram import Bot, InlineQueryResult, InlineQueryResultsButton

from bot.core.clock import Clock
from bot.core.messages import Button, Incoming, Reply, Turn
from bot.core.ports import Answer, Codes, Phrase
from bot.platforms.telegram.cards import Keyboard, build_card

log = logging.getLogger(__name__)

MOST_RESULTS: Final = 10
LONGEST_CACHE: Final = 300  # seconds
HELP: Final = Turn("help")
NOT_COVERED: Final = "not_covered"
OF_ANOTHER: Final = frozenset({"sources", NOT_COVERED})  # what “is this true?” below somebody's message is taken for
NOT_READ: Final = Turn("help", "option:not-read")

Asked: TypeAlias = tuple[str, Reply]  # a question in words, and its answer


@dataclass(frozen=True, slots=True)
class Wording:
    """The words around the answers, by language: the short phrases, what a turn is called, the usual questions."""

    phrase: Phrase
    label: Callable[[Turn, str], str]
    suggest: Callable[[str], Sequence[Button]]


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """The results of an inline query (InlineQueryResultArticle as JSON), the button above them (its label and its start
    parameter), and how many seconds Telegram may keep them for the reader."""

    results: tuple[dict[str, Any], ...]
    button: tuple[str, str]
    cache_time: int

    def parameters(self, query: str) -> dict[str, Any]:
        """The parameters of answerInlineQuery for the query with this id."""
        label, start = self.button
        return {
            "inline_query_id": query,
            "results": list(self.results),
            "cache_time": self.cache_time,
            "is_personal": True,
            "button": {"text": label, "start_parameter": start},
        }


class InlineMode:
    """Asks `answer` on behalf of nobody: nothing is remembered or set by it, and nothing of what was typed is shown.

    `username` is the bot's, for links to the private chat.
    """

    def __init__(
        self,
        answer: Answer,
        codes: Codes,
        wording: Wording,
        languages: Sequence[str],
        clock: Clock,
        username: str,
    ) -> None:
        self._answer = answer
        self._codes = codes
        self._wording = wording
        self._languages = tuple(languages)
        self._clock = clock
        self._username = username
        self._kept: dict[tuple[Turn, str], tuple[Asked, dict[str, Any]]] = {}

    async def offer(self, text: str, hint: str | None = None, chosen: str | None = None) -> InlineAnswer:
        """What an inline query gets: the answer to it and its neighbours, or the usual questions where it asks nothing
        that is understood. `hint` is the language of the reader's app, `chosen` the one that they chose for good. Never
        raises: a failure gives no results, and the button."""
        lang = next((one for one in (chosen, hint) if one in self._languages), self._languages[0])
        try:
            asked = await self._answer(Incoming(text, lang=chosen, lang_hint=hint)) if text.strip() else None
            lang = asked.lang if asked else lang
            found = await self._found(asked, lang)
            results = tuple(self._card(one) for one in found)
        except Exception as error:  # of whatever an answer is made
            log.error("telegram.inline_failed error=%s", type(error).__name__)
            return InlineAnswer((), self._button(lang), 0)
        replies = [reply for _, reply in found] + ([asked] if asked and _is_delicate(asked) else [])
        return InlineAnswer(results, self._button(lang), self._cache_time(replies))

    async def reply(self, asked: Incoming, *, is_below: bool = False) -> dict[str, Any] | None:
        """What a summons in a foreign chat gets, as an InlineQueryResultArticle for answerGuestQuery: the answer, and
        the way to the private chat. `is_below` says that it stands below somebody's message, which the bot does not
        read. None where that failed. Never raises."""
        turn = asked.turn or (None if asked.text.strip() else HELP)
        try:
            reply = await self._answer(replace(asked, turn=turn))
            if is_below and turn is None and reply.intent in OF_ANOTHER:
                reply = await self._answer(Incoming(turn=NOT_READ, lang=reply.lang))
            asked_for = reply.turn
            if not _is_for_all(reply):
                reply = await self._answer(Incoming(turn=HELP, lang=reply.lang))
            buttons = reply.buttons if reply.outcome == "confirm" else ()
            keyboard = [row for button in buttons if button.turn for row in self._link(button.turn, button.label)]
            keyboard += self._link(asked_for, self._wording.phrase("in_private", reply.lang))
            return build_card(reply, self._wording.label(reply.turn, reply.lang), self._id(reply), keyboard)
        except Exception as error:  # of whatever an answer is made
            log.error("telegram.guest_failed error=%s", type(error).__name__)
            return None

    async def _found(self, asked: Reply | None, lang: str) -> list[Asked]:
        """The answers to show, best first, each once."""
        found: list[Asked] = []
        if asked and asked.intent != NOT_COVERED and _is_for_all(asked):
            own = [] if asked.outcome == "confirm" else [(self._wording.label(asked.turn, lang), asked)]
            found = await self._answered(asked.buttons, lang, own)
        return found or await self._answered(self._wording.suggest(lang), lang, [])

    async def _answered(self, buttons: Iterable[Button], lang: str, found: list[Asked]) -> list[Asked]:
        known = {reply.turn for _, reply in found}
        for button in buttons:
            if len(found) == MOST_RESULTS:
                break
            if button.turn is None or button.lang or button.turn in known:
                continue
            reply = await self._answer(Incoming(turn=button.turn, lang=lang))
            if reply.turn not in known and reply.outcome != "confirm" and _is_for_all(reply):
                found.append((button.label, reply))
            known |= {button.turn, reply.turn}
        return found

    def _card(self, asked: Asked) -> dict[str, Any]:
        """A card, made anew only where the answer is another one than last time."""
        title, reply = asked
        place = (reply.turn, reply.lang)
        if (kept := self._kept.get(place)) and kept[0][0] == title and kept[0][1].html == reply.html:
            return kept[1]
        keyboard = self._link(reply.turn, self._wording.phrase("in_private", reply.lang))
        card = build_card(reply, title, self._id(reply), keyboard)
        self._kept[place] = (asked, card)
        return card

    def _id(self, reply: Reply) -> str:
        return f"{self._codes.code(reply.turn)}.{reply.lang}"

    def _link(self, turn: Turn, label: str) -> Keyboard:
        return [[{"text": label, "url": f"https://t.me/{self._username}?start={self._codes.code(turn)}"}]]

    def _button(self, lang: str) -> tuple[str, str]:
        return self._wording.phrase("in_private", lang), self._codes.code(HELP)

    def _cache_time(self, replies: Sequence[Reply]) -> int:
        """Whole seconds for which the wording of all answers stays true; none where one is a refusal."""
        if any(_is_delicate(reply) for reply in replies):
            return 0
        now = self._clock.now()
        left = [(reply.until - now).total_seconds() for reply in replies if reply.until]
        return max(0, int(min([LONGEST_CACHE, *left])))


async def send_offer(bot: Bot, query: str, answer: InlineAnswer) -> None:
    """Calls answerInlineQuery. Raises TelegramError: BadRequest where the query is too old."""
    label, start = answer.button
    await bot.answer_inline_query(
        query,
        [_result(card) for card in answer.results],
        cache_time=answer.cache_time,
        is_personal=True,
        button=InlineQueryResultsButton(label, start_parameter=start),
    )


async def send_reply(bot: Bot, query: str, card: dict[str, Any]) -> None:
    """Calls answerGuestQuery. Raises TelegramError."""
    await bot.answer_guest_query(query, _result(card))


def _result(card: dict[str, Any]) -> InlineQueryResult:
    rest = {name: value for name, value in card.items() if name not in {"type", "id"}}
    return InlineQueryResult(card["type"], card["id"], api_kwargs=rest)


def _is_for_all(reply: Reply) -> bool:
    """Whether an answer means the same to whoever reads it: it changes nothing of the one who asked, and is whole
    without a file."""
    return reply.is_repeatable and not reply.forget and reply.chosen_lang is None and reply.document is None


def _is_delicate(reply: Reply) -> bool:
    return reply.outcome == "refuse" and reply.intent != NOT_COVERED
