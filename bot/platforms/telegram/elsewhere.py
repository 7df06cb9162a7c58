"""Answers in chats where the bot is no member: to what is typed behind its name, and where it is summoned."""

import logging
from dataclasses import dataclass
from typing import TypeAlias

import orjson
from telegram import Bot, InlineQuery, Update, User

from bot.core.messages import Incoming
from bot.core.ports import Readers
from bot.platforms.telegram.edition import Edition
from bot.platforms.telegram.guest import Summons, read_summons
from bot.platforms.telegram.inline import InlineMode, Wording, send_offer, send_reply
from bot.platforms.telegram.reading import CHANNEL
from bot.platforms.telegram.webhook import Slot

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person has typed so far behind the bot's name."""

    person: int
    query: str
    text: str
    lang_hint: str | None
    slot: Slot | None = None


@dataclass(frozen=True, slots=True)
class Summoned:
    """A message that calls the bot into a foreign chat."""

    summons: Summons
    slot: Slot | None = None

    @property
    def person(self) -> int:
        """Who called; 0 where nobody can tell."""
        return self.summons.person or 0


Call: TypeAlias = Typed | Summoned


class Elsewhere:
    """Answers as the bot `me`. Of a person's queries only the `newest` counts: one comes with every key."""

    def __init__(self, bot: Bot, me: User, edition: Edition, readers: Readers, newest: dict[int, str]) -> None:
        self._bot = bot
        self._me = me
        self._edition = edition
        self._readers = readers
        self._turns = {command.name: command.turn for command in edition.commands}
        self._newest = newest
        wording = Wording(edition.phrase, edition.label, edition.suggest)
        self._inline = InlineMode(
            edition.answer, edition.codes, wording, edition.languages, edition.clock, me.username or ""
        )

    def read(self, update: Update) -> Call | None:
        """What an update asks from elsewhere; None where it does not."""
        if update.inline_query is not None:
            return _typed(update.inline_query)
        if update.guest_message is None:
            return None
        summons = read_summons(update.guest_message, self._me, self._turns)
        return Summoned(summons) if summons else None

    async def handle(self, call: Call) -> None:
        """Answers, in the response to the update where that is open. Never raises: whoever types on asks again."""
        try:
            if isinstance(call, Typed):
                await self._offer(call)
            else:
                await self._reply(call)
        except Exception as error:  # of Telegram, or of what was typed
            log.info("telegram.not_answered_elsewhere error=%s", type(error).__name__)

    async def _offer(self, typed: Typed) -> None:
        if self._newest.get(typed.person) != typed.query:
            return
        offer = await self._inline.offer(typed.text, typed.lang_hint, await self._language(typed.person))
        if self._newest.get(typed.person) == typed.query:
            del self._newest[typed.person]
        call = {"method": "answerInlineQuery", **offer.parameters(typed.query)}
        if typed.slot is None or not typed.slot.carry(orjson.dumps(call)):
            await send_offer(self._bot, typed.query, offer)

    async def _reply(self, summoned: Summoned) -> None:
        summons = summoned.summons
        lang = await self._language(summons.person) if summons.person else None
        asked = Incoming(summons.text, summons.turn, lang, summons.lang_hint)
        card = await self._inline.reply(asked, is_below=summons.is_reply)
        if card is not None:
            await send_reply(self._bot, summons.query, card)

    async def _language(self, person: int) -> str | None:
        """The language that a person chose in private, whose chat is named like them."""
        try:
            return (await self._readers.recall(CHANNEL, str(person))).language
        except Exception as error:  # whatever the storage raises
            log.error("telegram.reader_unknown error=%s", type(error).__name__)
            return None


def _typed(query: InlineQuery) -> Typed:
    hint = (query.from_user.language_code or "").partition("-")[0].lower()
    return Typed(query.from_user.id, query.id, query.query, hint or None)
