"""Takes one question through the conversation and puts the answer where it belongs."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Final

from telegram.error import BadRequest, NetworkError

from bot.core.messages import Incoming, Reader, Reply, Turn
from bot.core.ports import Readers
from bot.platforms.telegram.edition import Edition
from bot.platforms.telegram.payloads import Payload, Payloads, message_tail
from bot.platforms.telegram.permission import Permission
from bot.platforms.telegram.reading import CHANNEL, Asked
from bot.platforms.telegram.sending import Sender

log = logging.getLogger(__name__)

NOT_NOW: Final = "not_now"  # the phrase for an answer that failed
TYPING_AFTER: Final = 1.0  # seconds without an answer after which the reader is shown that one is being made


class Answering:
    """Answers with what `edition` says, in the language that `readers` keep. `link` gives the address of a private chat
    that opens with the answer of a code."""

    def __init__(
        self,
        edition: Edition,
        readers: Readers,
        sender: Sender,
        link: Callable[[str], str],
        count_failure: Callable[[], None],
    ) -> None:
        self._edition = edition
        self._payloads = Payloads(edition.codes, edition.phrase)
        self._readers = readers
        self._sender = sender
        self._link = link
        self._count_failure = count_failure
        self._signs: set[asyncio.Task[None]] = set()

    async def handle(self, asked: Asked) -> None:
        """Answers, or says that it cannot just now, and ends the waiting sign of a pressed button: meanwhile, or last
        in the response to the update. Never raises."""
        sign = None
        if asked.query and asked.slot is None:
            sign = asyncio.create_task(self._end_sign(asked))
        typing = asyncio.get_running_loop().call_later(TYPING_AFTER, self._show_typing, asked)
        try:
            await self._respond(asked)
        except Exception as error:  # one failed answer must not stop the next
            self._note_failure(error)
            if not isinstance(error, NetworkError) or isinstance(error, BadRequest):
                await self._apologise(asked)
        finally:
            typing.cancel()
            await (sign or self._end_sign(asked))

    async def say(self, asked: Asked, phrase: str) -> None:
        """Says a phrase in place of an answer: that somebody asks too fast, or sends no words. Never raises."""
        try:
            await self._tell(asked, phrase)
        except Exception as error:  # as above
            self._note_failure(error)
        finally:
            await self._end_sign(asked)

    async def drop(self, asked: Asked) -> None:
        """Gives no answer, but ends the waiting sign of a press and the response. Never raises."""
        if asked.query is not None:
            await self._sender.acknowledge(asked.query, None, asked.slot)
        elif asked.slot is not None:
            asked.slot.close()

    async def _apologise(self, asked: Asked) -> None:
        """Says that the answer failed, which is counted already. Never raises."""
        try:
            await self._tell(asked, NOT_NOW)
        except Exception as error:  # as above
            log.error("telegram.failure_not_told error=%s", type(error).__name__)

    async def _tell(self, asked: Asked, phrase: str) -> None:
        lang, _ = await self._recall(str(asked.place.chat))
        words = self._edition.phrase(phrase, self._edition.language(asked.lang, lang, asked.lang_hint))
        tail = message_tail(escape(words, quote=False), None)
        slot = asked.slot if asked.is_private and asked.query is None else None
        if not self._sender.carry(slot, asked.place, tail):
            await self._sender.send(asked.place, (tail,))

    async def _end_sign(self, asked: Asked) -> None:
        """Ends the waiting sign of a press, with a word where the button is of an older answer."""
        if asked.query is None:
            return
        words = None
        if not asked.is_known:
            words = self._edition.phrase("answer_updated", self._edition.language(asked.lang, asked.lang_hint))
        await self._sender.acknowledge(asked.query, words, asked.slot)

    def _note_failure(self, error: Exception) -> None:
        log.error("telegram.update_failed error=%s", type(error).__name__)
        self._count_failure()

    def _show_typing(self, asked: Asked) -> None:
        task = asyncio.create_task(self._sender.show_typing(asked.place))
        self._signs.add(task)
        task.add_done_callback(self._signs.discard)

    async def _respond(self, asked: Asked) -> None:
        chat = str(asked.place.chat)
        lang, context = await self._recall(chat)
        if told := await self._at_desk(asked, lang):
            await self._show(asked, told, is_refused=False)
            return
        permission = Permission(self._sender, asked)
        reader = Reader(CHANNEL, chat, asked.place.thread, permission.find)
        incoming = Incoming(
            asked.text, asked.turn, asked.lang or lang, asked.lang_hint, context,
            reader=reader, only_look=asked.is_link,
        )  # fmt: skip
        reply = await self._edition.answer(incoming)
        await self._keep_choice(chat, reply)
        await self._show(asked, reply, is_refused=permission.is_refused)
        if reply.is_context and not reply.forget and not reply.is_preview:
            await self._remember(chat, reply.turn)

    async def _at_desk(self, asked: Asked, lang: str | None) -> Reply | None:
        """The answer to an editor's command, which others do not have. A private chat is named like its person."""
        if self._edition.desk is None or asked.command is None or not asked.is_private:
            return None
        name, rest = asked.command
        return await self._edition.desk(name, rest, asked.place.chat, self._edition.language(lang, asked.lang_hint))

    async def _show(self, asked: Asked, reply: Reply, *, is_refused: bool) -> None:
        """A press changes its message in place; one without the right to it leaves what all see as it was."""
        message = None if reply.picture or is_refused else asked.message
        place = asked.place
        if asked.message is not None and is_refused:
            place = replace(place, reply_to=asked.message.message_id)
        payload = self._payload(asked, reply, is_edit=message is not None)
        if reply.picture is not None:
            place = await self._sender.send_picture(place, reply.picture, payload)
        elif payload.rich and await self._sender.show_rich(place, message, *payload.rich):
            pass
        elif message is not None and payload.parts:
            await self._sender.revise(place, message, payload)
        elif not self._carried(asked, reply, payload):
            place = await self._sender.send(place, payload.tails)
        if reply.document is not None:
            await self._sender.send_document(place, reply.document)

    def _payload(self, asked: Asked, reply: Reply, *, is_edit: bool) -> Payload:
        link = None if asked.is_private or not reply.is_repeatable else self._link(self._edition.codes.code(reply.turn))
        trail, page = (asked.trail, asked.page) if is_edit else ((), 1)
        return self._payloads.payload(reply, trail, page, link, is_rich=self._sender.rich.is_on)

    def _carried(self, asked: Asked, reply: Reply, payload: Payload) -> bool:
        """Whether the answer travels back in the response: in private, where it is the only call."""
        is_only = asked.query is None and reply.document is None and len(payload.tails) == 1
        return is_only and asked.is_private and self._sender.carry(asked.slot, asked.place, payload.tails[0])

    async def _recall(self, chat: str) -> tuple[str | None, Turn | None]:
        """The chosen language and the last turn; without the storage a reader is still answered, as a stranger."""
        try:
            kept = await self._readers.recall(CHANNEL, chat)
        except Exception as error:  # whatever the storage raises
            log.error("telegram.reader_unknown error=%s", type(error).__name__)
            return None, None
        return kept.language, kept.turn

    async def _remember(self, chat: str, turn: Turn) -> None:
        """Keeps what was answered, for a question that follows up; without the storage that one stands alone."""
        try:
            await self._readers.remember_turn(CHANNEL, chat, turn)
        except Exception as error:  # as above
            log.error("telegram.turn_not_kept error=%s", type(error).__name__)

    async def _keep_choice(self, chat: str, reply: Reply) -> None:
        """Keeps or erases before the reader is told that it is done."""
        if reply.forget:
            await self._readers.forget(CHANNEL, chat)
        elif reply.chosen_lang:
            await self._readers.choose_language(CHANNEL, chat, reply.chosen_lang)
