"""Finds out, when asked, whether the person behind a question may set reminders for the chat."""

import logging
from typing import Final

from telegram import ChatMember
from telegram.error import TelegramError

from bot.platforms.telegram.reading import Asked
from bot.platforms.telegram.sending import Sender

log = logging.getLogger(__name__)

_ADMINISTRATORS: Final = (ChatMember.OWNER, ChatMember.ADMINISTRATOR)


class Permission:
    """Of one question: anybody for themselves, in a group its administrators, whether by name or as the group.

    `is_refused` says whether it was asked for and not given.
    """

    def __init__(self, sender: Sender, asked: Asked) -> None:
        self._sender = sender
        self._asked = asked
        self.is_refused = False

    async def find(self) -> bool:
        """Asks Telegram in groups only. False where Telegram does not tell: reminders of a group are everybody's."""
        allowed = self._asked.asker is None or await self._is_administrator(self._asked.asker)
        self.is_refused = not allowed
        return allowed

    async def _is_administrator(self, person: int) -> bool:
        try:
            return await self._sender.status(self._asked.place.chat, person) in _ADMINISTRATORS
        except TelegramError as error:
            log.warning("telegram.rights_unknown error=%s", type(error).__name__)
            return False
