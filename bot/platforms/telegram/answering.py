"""Takes one question through the conversation and puts the answer where it belongs."""

import asyncio
import logging
from dataclasses import replace

from bot.core.messages import Incoming, Reader, Reply, Turn
from bot.core.ports import Answer, Codes, Readers
from bot.platforms.telegram.html import to_messages
from bot.platforms.telegram.keyboard import build_keyboard
from bot.platforms.telegram.permission import Permission
from bot.platforms.telegram.reading import CHANNEL, Asked
from bot.platforms.telegram.sending import Sender

log = logging.getLogger(__name__)


class Answering:
    """Answers with what `answer` says, in the language that `readers` keep."""

    def __init__(self, answer: Answer, codes: Codes, readers: Readers, sender: Sender) -> None:
        self._answer = answer
        self._codes = codes
        self._readers = readers
        self._sender = sender

    async def handle(self, asked: Asked) -> None:
        """Answers, and ends the waiting sign of a pressed button meanwhile. Never raises."""
        acknowledged = asyncio.create_task(self._sender.acknowledge(asked.query)) if asked.query else None
        try:
            await self._respond(asked)
        except Exception as error:  # one failed answer must not stop the next
            log.error("telegram.update_failed error=%s", type(error).__name__)
        finally:
            if acknowledged is not None:
                await acknowledged

    async def _respond(self, asked: Asked) -> None:
        chat = str(asked.place.chat)
        lang, context = await self._recall(chat)
        permission = Permission(self._sender, asked)
        reader = Reader(CHANNEL, chat, asked.place.thread, permission.find)
        incoming = Incoming(asked.text, asked.turn, asked.lang or lang, asked.lang_hint, context, reader=reader)
        reply = await self._answer(incoming)
        await self._keep_choice(chat, reply)
        await self._show(asked, reply, is_refused=permission.is_refused)
        if reply.outcome == "answer" and not reply.forget:
            await self._readers.remember_turn(CHANNEL, chat, reply.turn)

    async def _show(self, asked: Asked, reply: Reply, *, is_refused: bool) -> None:
        """A press changes its message in place; one without the right to it leaves what all see as it was."""
        parts, keyboard = to_messages(reply.html), build_keyboard(reply.buttons, self._codes)
        place = asked.place
        if asked.message is not None and is_refused:
            place = replace(place, reply_to=asked.message.message_id)
        if asked.message is not None and parts and not is_refused:
            await self._sender.revise(place, asked.message, parts, keyboard)
        else:
            place = await self._sender.send(place, parts, keyboard)
        if reply.document is not None:
            await self._sender.send_document(place, reply.document)

    async def _recall(self, chat: str) -> tuple[str | None, Turn | None]:
        """The chosen language and the last turn; without the storage a reader is still answered, as a stranger."""
        try:
            return await self._readers.language(CHANNEL, chat), await self._readers.last_turn(CHANNEL, chat)
        except Exception as error:  # whatever the storage raises
            log.error("telegram.reader_unknown error=%s", type(error).__name__)
            return None, None

    async def _keep_choice(self, chat: str, reply: Reply) -> None:
        """Keeps or erases before the reader is told that it is done."""
        if reply.forget:
            await self._readers.forget(CHANNEL, chat)
        elif reply.chosen_lang:
            await self._readers.choose_language(CHANNEL, chat, reply.chosen_lang)
