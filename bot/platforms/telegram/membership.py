"""What happens to the chats themselves: a reader blocks the bot, a group removes it or moves to another id."""

import logging
from dataclasses import dataclass
from typing import Final

from telegram import ChatMember, ChatMemberRestricted, Update

from bot.core.ports import Readers
from bot.platforms.telegram.reading import CHANNEL
from bot.reminders.subscription import Subscriptions

log = logging.getLogger(__name__)

_OUT: Final = (ChatMember.LEFT, ChatMember.BANNED)


@dataclass(frozen=True, slots=True)
class Left:
    """The bot can write to this chat no more."""

    chat: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A group that became a supergroup goes on under the id `to`."""

    chat: int
    to: int


def read_change(update: Update) -> Left | Moved | None:
    """What an update says of its chat; None where it says nothing of the kind."""
    if (change := update.my_chat_member) is not None:
        now = change.new_chat_member
        is_out = now.status in _OUT or (isinstance(now, ChatMemberRestricted) and not now.is_member)
        return Left(change.chat.id) if is_out else None
    if (message := update.message) is None:
        return None
    if message.migrate_to_chat_id:
        return Moved(message.chat.id, message.migrate_to_chat_id)
    if message.migrate_from_chat_id:
        return Moved(message.migrate_from_chat_id, message.chat.id)
    return None


class Membership:
    """Keeps subscriptions and chosen languages in step with the chats. Never raises: a chat that could not be noted
    shows itself again at the next send."""

    def __init__(self, readers: Readers, subscriptions: Subscriptions | None) -> None:
        self._readers = readers
        self._subscriptions = subscriptions

    async def moved(self, chat: int, to: int) -> None:
        """Follows a group that a send found under another id."""
        await self.note(Moved(chat, to))

    async def note(self, change: Left | Moved) -> None:
        """Ends the subscription of a chat that is gone; follows one that moved."""
        try:
            if isinstance(change, Left):
                await self._end(change)
            else:
                await self._follow(change)
        except Exception as error:  # whatever the storage raises
            log.error("telegram.chat_not_noted change=%s error=%s", type(change).__name__, type(error).__name__)

    async def _end(self, left: Left) -> None:
        ended = self._subscriptions is not None and await self._subscriptions.remove(CHANNEL, str(left.chat))
        log.info("telegram.chat_left subscribed=%s", ended)

    async def _follow(self, moved: Moved) -> None:
        before, now = str(moved.chat), str(moved.to)
        if self._subscriptions is not None:
            await self._subscriptions.move(CHANNEL, before, now)
        if lang := (await self._readers.recall(CHANNEL, before)).language:
            if (await self._readers.recall(CHANNEL, now)).language is None:
                await self._readers.choose_language(CHANNEL, now, lang)
            await self._readers.forget(CHANNEL, before)
        log.info("telegram.chat_moved")
